/** The options of starting a program. @module */
import type { InputSource, OutputTarget, Stdio, STDOUT } from "./stdio.ts";

/** The options of starting a program. */
export interface SubprocessOptions {
  /**
   * The source of its input; {@linkcode INHERIT} by default.
   *
   * A stream, iterable or file is read no faster than the program reads. If the
   * program reads no more, the source is cancelled. If the source fails, the program
   * is ended, since it cannot tell half of its input from all of it.
   */
  stdin?: Stdio | InputSource | undefined;
  /**
   * The target of its output; {@linkcode INHERIT} by default. With a list, each of
   * the targets gets all of it, no faster than the slowest takes it.
   */
  stdout?: OutputTarget | readonly OutputTarget[] | undefined;
  /**
   * The target of its messages; {@linkcode INHERIT} by default. {@linkcode STDOUT}:
   * into its output, in the order in which both were written.
   *
   * For {@linkcode STDOUT} a shell is started, which becomes the program. Shells drop
   * variables with names such as `my.var`, and change others; `env -S` restores
   * them. That is not possible for inherited variables without the permission to
   * read all of them, if the path of the program has a `=` in it, or if `env` has no
   * `-S` (BusyBox).
   */
  stderr?:
    | OutputTarget
    | readonly OutputTarget[]
    | typeof STDOUT
    | undefined;
  /** The directory in which it starts; that of this program by default. */
  cwd?: string | URL | undefined;
  /** Environment variables, on top of this program's own. */
  env?: Record<string, string> | undefined;
  /** Whether it gets only the variables of `env`. */
  clearEnv?: boolean | undefined;
  /** How long a line may be for its readers, in bytes; 65536 by default. */
  limit?: number | undefined;
  /**
   * Whether it leads a process group of its own, so that signals reach its
   * descendants as well.
   *
   * True by default, unless it inherits a terminal as its input: then it keeps the
   * terminal. A group needs the permission to run any program; without it, and on
   * Windows, the default is false.
   *
   * A group makes a start slower: on Linux by the start of one more program
   * (`setsid`), elsewhere by copying the page tables of this program. What only the
   * attempt shows, such as a file that is open for writing or on a file system without
   * programs (`noexec`), is then no error of the start: the program ends with code 126.
   */
  group?: boolean | undefined;
  /**
   * Whether it outlives the `run` in which it was started, and this program; false
   * by default. Neither the program nor its pipes keep this program alive. If its
   * output is a file, it writes to that itself; streams, pipes and lists end with
   * this program.
   */
  detached?: boolean | undefined;
  /**
   * How long disposing, a timeout and a cancel wait between `killSignal` and
   * SIGKILL, in milliseconds: 5000 by default. This is real time, whatever the clock
   * of the loop.
   */
  killAfter?: number | undefined;
  /**
   * The signal by which disposing, a timeout and a cancel ask the program to
   * end: `"SIGTERM"` by default.
   */
  killSignal?: Deno.Signal | undefined;
}
