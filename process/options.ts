/** How a program is started, and the checks. @module */
import { checkMilliseconds, describe } from "../tasks/kernel/types.ts";
import { DEVNULL, INHERIT, PIPE, type Stdio, STDOUT } from "./stdio.ts";

/** How a program is started. */
export interface SubprocessOptions {
  /** Where its input comes from; {@linkcode INHERIT} unless given. */
  stdin?: Stdio | undefined;
  /** Where its output goes; {@linkcode INHERIT} unless given. */
  stdout?: Stdio | undefined;
  /**
   * Where its messages go; {@linkcode INHERIT} unless given. {@linkcode
   * STDOUT}: into its output, in true order.
   *
   * For that, a shell is started, which becomes the program; where it has
   * changed the environment, `env` puts that right. It cannot for what is
   * inherited without the permission to read all variables, and not at all
   * where the path of the program has a `=` in it: there, shells drop names
   * such as `my.var`, and set `PWD`.
   */
  stderr?: Stdio | typeof STDOUT | undefined;
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
   * True unless `stdin` is inherited: a program at the terminal keeps its
   * terminal. It takes the permission to run any program, and is false where
   * that is not granted, and on Windows.
   *
   * A group makes a start slower: on Linux by the start of one more program
   * (`setsid`), elsewhere by the copying of this program's page tables.
   */
  group?: boolean | undefined;
  /**
   * How long disposing, a timeout and a cancel wait between SIGTERM and
   * SIGKILL, in milliseconds: 5000 unless given. Real time, whatever the clock
   * of the loop: the program knows no other.
   */
  killAfter?: number | undefined;
}

/** The options with their defaults. */
export interface SpawnSettings {
  readonly stdin: Stdio;
  readonly stdout: Stdio;
  readonly stderr: Stdio | typeof STDOUT;
  readonly cwd: string | URL | undefined;
  readonly env: Record<string, string> | undefined;
  readonly clearEnv: boolean;
  readonly limit: number | undefined;
  readonly group: boolean;
  readonly killAfter: number;
}

const STDIO: readonly unknown[] = [PIPE, DEVNULL, INHERIT];

/** Checks `options` and fills in the defaults. */
export function spawnSettings(options: SubprocessOptions = {}): SpawnSettings {
  const { stdin = INHERIT, stdout = INHERIT, stderr = INHERIT, limit } =
    options;
  checkStdio("stdin", stdin, STDIO);
  checkStdio("stdout", stdout, STDIO);
  checkStdio("stderr", stderr, [...STDIO, STDOUT]);
  const killAfter = options.killAfter ?? 5000;
  checkMilliseconds(killAfter, "killAfter");
  if (limit !== undefined && !(limit > 0)) {
    throw new RangeError(`limit is a number of bytes, found ${limit}`);
  }
  const group = options.group ?? (stdin !== INHERIT && canHaveGroup());
  if (options.group) checkGroup();
  const { cwd, env, clearEnv = false } = options;
  return {
    ...{ stdin, stdout, stderr, cwd, env, clearEnv, limit, group, killAfter },
  };
}

function checkStdio(name: string, value: unknown, allowed: readonly unknown[]) {
  if (allowed.includes(value)) return;
  throw new TypeError(
    `${name} is one of ${allowed.map(describe).join(", ")}, found ${
      describe(value)
    }`,
  );
}

/** Whether a permission is granted; never asks for it. */
export function isGranted(descriptor: Deno.PermissionDescriptor): boolean {
  return Deno.permissions.querySync(descriptor).state === "granted";
}

/**
 * Whether signals can be sent to a group: that takes more than the permission
 * to run one program.
 */
function canHaveGroup(): boolean {
  return Deno.build.os !== "windows" && isGranted({ name: "run" });
}

function checkGroup(): void {
  if (canHaveGroup()) return;
  if (Deno.build.os === "windows") {
    throw new Deno.errors.NotSupported(
      "there are no process groups on Windows: leave out group",
    );
  }
  throw new Deno.errors.NotCapable(
    "a process group takes the permission to run any program, --allow-run: leave out group",
  );
}
