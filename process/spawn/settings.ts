/** The options of a start, checked, with their defaults. @module */
import { constants } from "node:os";
import {
  checkFlags,
  checkMilliseconds,
  checkOptions,
  describe,
} from "../../tasks/kernel/types.ts";
import type { SubprocessOptions } from "../options.ts";
import {
  DEVNULL,
  INHERIT,
  type InputSource,
  PIPE,
  type Stdio,
  STDOUT,
} from "../stdio.ts";
import {
  absolute,
  isFile,
  type OutputSettings,
  outputSettings,
} from "./output_settings.ts";
import { canSignalGroups } from "./permissions.ts";

/**
 * The checked options of a start. Changing the options later changes nothing here.
 */
export interface SpawnSettings {
  readonly stdin: Stdio | InputSource;
  /** The file that the program reads itself. */
  readonly stdinFile: string | undefined;
  readonly stdout: OutputSettings;
  readonly stderr: OutputSettings | typeof STDOUT;
  readonly cwd: string | URL | undefined;
  readonly env: Record<string, string> | undefined;
  readonly clearEnv: boolean;
  readonly limit: number | undefined;
  readonly group: boolean;
  readonly detached: boolean;
  readonly killAfter: number;
  readonly killSignal: Deno.Signal;
}

/** The options about the standard streams. */
export type StdioOptions = Pick<
  SubprocessOptions,
  "stdin" | "stdout" | "stderr"
>;

const STDIO: readonly unknown[] = [PIPE, DEVNULL, INHERIT];

/**
 * @param stdio The standard streams, if they are not those of `options`.
 * @throws {TypeError} An option is not valid.
 * @throws {RangeError} A number is out of its range.
 */
export function spawnSettings(
  options: SubprocessOptions = {},
  stdio: StdioOptions = options,
): SpawnSettings {
  checkStartOptions(options);
  checkFlags(options, ["clearEnv", "group", "detached"], "start a program");
  const { stdin = INHERIT, stdout = INHERIT, stderr = INHERIT } = stdio;
  const { cwd, env, clearEnv = false, detached = false, limit } = options;
  checkStdin(stdin);
  checkEnv(env);
  const { killAfter = 5000, killSignal = "SIGTERM" } = options;
  checkMilliseconds(killAfter, "Cannot start a program: killAfter");
  checkSignal(killSignal, "killSignal");
  if (limit !== undefined && !(typeof limit === "number" && limit > 0)) {
    const type = typeof limit === "number" ? RangeError : TypeError;
    throw new type(
      `Cannot start a program: limit is a number of bytes above 0, received ${
        describe(limit)
      }`,
    );
  }
  if (cwd !== undefined && typeof cwd !== "string" && !(cwd instanceof URL)) {
    throw new TypeError(
      `Cannot start a program: cwd is a path or a file URL, received ${
        describe(cwd)
      }`,
    );
  }
  checkFiles(stdin, [stdout, stderr].flat());
  const stdinFile = detached && isFile(stdin) && Deno.build.os !== "windows"
    ? absolute(stdin.file)
    : undefined;
  return {
    stdin: stdinFile === undefined ? stdin : DEVNULL,
    stdinFile,
    stdout: outputSettings("stdout", stdout, detached),
    stderr: stderr === STDOUT
      ? STDOUT
      : outputSettings("stderr", stderr, detached),
    cwd,
    env: env && { ...env },
    clearEnv,
    limit,
    group: groupSetting(options, stdin),
    detached,
    killAfter,
    killSignal,
  };
}

/** @throws {TypeError} `options` is no object of options. */
export function checkStartOptions(options: unknown): void {
  if (Array.isArray(options)) {
    throw new TypeError(
      "Cannot start a program: the options are an object, received a list (a program and its arguments are one list, [program, ...args])",
    );
  }
  checkOptions(options, "start a program");
}

/** @throws {TypeError} There is no such signal. */
export function checkSignal(
  signal: unknown,
  what: string,
): asserts signal is Deno.Signal {
  if (typeof signal === "string" && Object.hasOwn(constants.signals, signal)) {
    return;
  }
  throw new TypeError(
    `Cannot send a signal: ${what} takes a name such as "SIGTERM", received ${
      describe(signal)
    }`,
  );
}

function checkStdin(stdin: unknown): void {
  if (STDIO.includes(stdin)) return;
  if (isInput(stdin)) return checkUnlocked(stdin);
  throw new TypeError(
    `Cannot start a program: stdin is one of ${
      STDIO.map(describe).join(", ")
    }, a ReadableStream, an async iterable of bytes or text, or { file }, received ${
      describe(stdin)
    }`,
  );
}

/** Whether `value` is a source of input. */
export function isInput(value: unknown): value is InputSource {
  if (typeof value !== "object" || value === null) return false;
  if (value instanceof Uint8Array) return false;
  return Symbol.asyncIterator in value || Symbol.iterator in value ||
    isFile(value);
}

/** @throws {TypeError} An output is the file of the input, and would empty it. */
function checkFiles(stdin: unknown, outputs: readonly unknown[]): void {
  if (!isFile(stdin)) return;
  const path = absolute(stdin.file);
  if (!outputs.some((it) => isFile(it) && absolute(it.file) === path)) return;
  throw new TypeError(
    `Cannot start a program: it would read from a file that it writes to, ${
      describe(path)
    }`,
  );
}

/** @throws {TypeError} `input` is a stream that is locked. */
export function checkUnlocked(input: InputSource): void {
  if (!(input instanceof ReadableStream) || !input.locked) return;
  throw new TypeError(
    "Cannot start a program: its input is a stream that is locked",
  );
}

function checkEnv(env: unknown): void {
  if (env === undefined) return;
  if (typeof env !== "object" || env === null) {
    throw new TypeError(
      `Cannot start a program: env is an object, received ${describe(env)}`,
    );
  }
  for (const [name, value] of Object.entries(env)) {
    if (name.includes("=") || name.includes("\0")) {
      throw new TypeError(
        `Cannot start a program: a name in env has no "=" and no NUL in it, received ${
          describe(name)
        }`,
      );
    }
    if (typeof value !== "string" || value.includes("\0")) {
      throw new TypeError(
        `Cannot start a program: env[${
          describe(name)
        }] is a string without a NUL, received ${describe(value)}`,
      );
    }
  }
}

/**
 * Whether a program gets a group. By default, a program that inherits a terminal gets
 * none, and so keeps the terminal. A detached one always gets a group.
 */
function groupSetting(
  { group, detached }: SubprocessOptions,
  stdin: Stdio | InputSource,
): boolean {
  if (group) checkGroup();
  if (group === false && detached) {
    throw new TypeError(
      "Cannot start a program: a detached one leads a group of its own, received group: false",
    );
  }
  return group ?? (canSignalGroups() &&
    (detached || stdin !== INHERIT || !Deno.stdin.isTerminal()));
}

function checkGroup(): void {
  if (canSignalGroups()) return;
  if (Deno.build.os === "windows") {
    throw new Deno.errors.NotSupported(
      "Cannot start a process group: there are none on Windows, leave out group",
    );
  }
  throw new Deno.errors.NotCapable(
    "Cannot start a process group: it takes the permission to run any program, --allow-run",
  );
}
