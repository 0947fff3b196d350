/** How a program is started. @module */
import type { InputSource, OutputTarget, Stdio, STDOUT } from "./stdio.ts";

/** How a program is started. */
export interface SubprocessOptions {
  /**
   * Where its input comes from; {@linkcode INHERIT} unless given.
   *
   * A stream, iterable or file is read no faster than the program reads. When
   * the program reads no more, it is cancelled; when it fails, the program is
   * ended, since it cannot tell half of its input from all of it.
   */
  stdin?: Stdio | InputSource | undefined;
  /**
   * Where its output goes; {@linkcode INHERIT} unless given. With a list, each
   * of the targets gets all of it, no faster than the slowest takes it.
   */
  stdout?: OutputTarget | readonly OutputTarget[] | undefined;
  /**
   * Where its messages go; {@linkcode INHERIT} unless given. {@linkcode
   * STDOUT}: into its output, in true order.
   *
   * For that, a shell is started, which becomes the program. Shells drop
   * variables with names such as `my.var`, and change others; `env -S` puts that
   * right. It cannot for what is inherited without the permission to read all
   * variables, if the path of the program has a `=` in it, or if `env` has no
   * `-S` (BusyBox).
   */
  stderr?:
    | OutputTarget
    | readonly OutputTarget[]
    | typeof STDOUT
    | undefined;
  /** The directory that it starts in; this program's own unless given. */
  cwd?: string | URL | undefined;
  /** Environment variables, on top of this program's own. */
  env?: Record<string, string> | undefined;
  /** Whether it gets the variables of `env` alone. */
  clearEnv?: boolean | undefined;
  /** How long a line may be for its readers, in bytes; 65536 unless given. */
  limit?: number | undefined;
  /**
   * Whether it leads a process group of its own, so that signals reach its
   * descendants as well.
   *
   * True unless it inherits a terminal as its input: a program at the terminal
   * keeps its terminal. It takes the permission to run any program, and is false
   * if that is not granted, and on Windows.
   *
   * A group makes a start slower: on Linux by the start of one more program
   * (`setsid`), elsewhere by the copying of this program's page tables.
   */
  group?: boolean | undefined;
  /**
   * Whether it outlives the `run` that it was started in, and this program;
   * false unless given. It does not keep this program alive, and neither do its
   * pipes. What it writes into a file goes there without this program; streams,
   * pipes and lists end with this program.
   */
  detached?: boolean | undefined;
  /**
   * How long disposing, a timeout and a cancel wait between `killSignal` and
   * SIGKILL, in milliseconds: 5000 unless given. Real time, whatever the clock
   * of the loop: the program knows no other.
   */
  killAfter?: number | undefined;
  /**
   * The signal by which disposing, a timeout and a cancel ask the program to
   * end: `"SIGTERM"` unless given.
   */
  killSignal?: Deno.Signal | undefined;
}
