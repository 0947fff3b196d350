/** @module */
import { describe, type WaitOptions } from "../tasks/types.ts";
import { quiet, refused } from "../tasks/waiter.ts";
import { Limits, type TimeLimits } from "./_limits.ts";
import type { Output } from "./_communication.ts";
import { CompletedProcess } from "./completed_process.ts";
import {
  createSubprocessExec,
  createSubprocessShell,
} from "./create_subprocess.ts";
import { TimeoutExpiredError } from "./errors.ts";
import { settingsOf, type SubprocessOptions } from "./options.ts";
import { communicationOf, type Process, watchBytes } from "./process.ts";
import { DEVNULL, PIPE } from "./stdio.ts";

/** How a program is run to its end. */
export interface RunSubprocessOptions
  extends SubprocessOptions, WaitOptions, TimeLimits {
  /** What it reads; `stdin` is then a pipe. */
  input?: string | Uint8Array | undefined;
  /** Whether `stdout` and `stderr` are captured, unless they are given. */
  captureOutput?: boolean | undefined;
  /** Whether an end with another code than 0 is thrown. */
  check?: boolean | undefined;
  /** How its output is given: as text (`"utf-8"`, unless given), or as bytes (`"buffer"`). */
  encoding?: "utf-8" | "buffer" | undefined;
}

/**
 * Runs a program to its end. Mirrors `subprocess.run`, and waits as asyncio does.
 *
 * A list is a program and its arguments; a string goes through the shell. `stdin` is {@linkcode DEVNULL} unless
 * there is `input`. What is piped, by `captureOutput` or by itself, is captured.
 *
 * - When `timeout` milliseconds are over, or nothing has moved through its pipes for `idleTimeout` milliseconds, it is ended, and
 *   what was captured so far is in the error. With zero or less, it is never started.
 * - Whoever ends it, by a timeout, a cancel or the signal, ends its whole group: SIGTERM, and SIGKILL after `killAfter`.
 *   This settles when all of them have ended, also where one has left the group and holds a pipe open.
 *
 * **Cancel safety:** a cancel ends the program, waits for that, and only then is thrown. Its output is lost.
 *
 * @throws {CalledProcessError} With `check`: it ended with another code than 0, or by a signal.
 * @throws {TimeoutExpiredError} The time was up.
 * @throws {Deno.errors.NotFound} There is no such program or directory; the message names it.
 * @throws {TypeError} The command or an option is none of those allowed.
 * @throws {RangeError} A time is `NaN`.
 *
 * @example
 * ```ts
 * import { CalledProcessError, runSubprocess } from "@asyncio/asyncio/process";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const sorted = await runSubprocess(["sort", "-n"], {
 *   input: "10\n9\n",
 *   captureOutput: true,
 *   check: true,
 * });
 * assertEquals(sorted.stdout, "9\n10\n");
 *
 * const error = await assertRejects(
 *   () => runSubprocess("exit 3", { check: true }),
 *   CalledProcessError,
 * );
 * assertEquals(error.returnCode, 3);
 * ```
 */
export function runSubprocess(
  command: string | [string, ...string[]],
  options: RunSubprocessOptions & { encoding: "buffer" },
): Promise<CompletedProcess<Uint8Array>>;
/** Runs a program, and gives its output as text. */
export function runSubprocess(
  command: string | [string, ...string[]],
  options?: RunSubprocessOptions & { encoding?: "utf-8" | undefined },
): Promise<CompletedProcess<string>>;
/** Runs a program, and gives its output as `encoding` says. */
export function runSubprocess(
  command: string | [string, ...string[]],
  options?: RunSubprocessOptions,
): Promise<CompletedProcess<string | Uint8Array>>;
export function runSubprocess(
  command: string | [string, ...string[]],
  options: RunSubprocessOptions = {},
): Promise<CompletedProcess<string | Uint8Array>> {
  try {
    checkCommand(command);
    const limits = new Limits(options);
    const plumbed = withPipes(options);
    checkIdleTimeout(plumbed);
    return refused(options) ?? quiet(runChecked(command, plumbed, limits));
  } catch (error) {
    return Promise.reject(error);
  }
}

async function runChecked(
  command: string | [string, ...string[]],
  options: RunSubprocessOptions,
  limits: Limits,
): Promise<CompletedProcess<string | Uint8Array>> {
  const completed = await runToEnd(command, options, limits);
  if (options.check) completed.checkReturnCode();
  return completed;
}

async function runToEnd(
  command: string | [string, ...string[]],
  options: RunSubprocessOptions,
  limits: Limits,
): Promise<CompletedProcess<string | Uint8Array>> {
  const { input, signal } = options;
  let process: Process | undefined;
  try {
    return await limits.run(async (moved) => {
      process = await start(command, options);
      watchBytes(process, moved);
      const output = await process.communicate(input, { signal });
      const texts = decoded(output, options);
      return new CompletedProcess(command, process.returnCode!, texts);
    });
  } catch (error) {
    await process?.[Symbol.asyncDispose]();
    const expiry = limits.expiry(error);
    if (expiry === undefined) throw error;
    const output = process && communicationOf(process).take();
    throw new TimeoutExpiredError(command, expiry.timeout, {
      ...decoded(output ?? {}, options),
      idle: expiry.idle,
    }, { cause: error });
  }
}

function start(
  command: string | [string, ...string[]],
  options: SubprocessOptions,
): Promise<Process> {
  if (typeof command === "string") {
    return createSubprocessShell(command, options);
  }
  const [program, ...args] = command;
  return createSubprocessExec(program, args, options);
}

/** The options with the pipes that they ask for. */
export function withPipes<O extends RunSubprocessOptions>(options: O): O {
  const { input, captureOutput, encoding } = options;
  if (encoding !== undefined && encoding !== "utf-8" && encoding !== "buffer") {
    throw new TypeError(
      `encoding is "utf-8" or "buffer", found ${describe(encoding)}`,
    );
  }
  if (input !== undefined) checkInput(input, options.stdin);
  const stdin = options.stdin ?? (input === undefined ? DEVNULL : PIPE);
  const captured = captureOutput ? { stdout: PIPE, stderr: PIPE } as const : {};
  const plumbed = { ...captured, ...given(options), stdin } as O;
  settingsOf(plumbed);
  return plumbed;
}

function checkInput(input: unknown, stdin: unknown): void {
  if (typeof input !== "string" && !(input instanceof Uint8Array)) {
    throw new TypeError(
      `input is a string or a Uint8Array, found ${describe(input)}`,
    );
  }
  if (stdin !== undefined && stdin !== PIPE) {
    throw new TypeError(`input needs stdin: PIPE, found ${describe(stdin)}`);
  }
}

/** What is given as `undefined` is not given. */
function given<O extends object>(options: O): Partial<O> {
  const entries = Object.entries(options);
  return Object.fromEntries(
    entries.filter(([, value]) => value !== undefined),
  ) as Partial<O>;
}

function checkIdleTimeout(options: RunSubprocessOptions): void {
  const { idleTimeout, stdin, stdout, stderr } = options;
  if (idleTimeout === undefined || [stdin, stdout, stderr].includes(PIPE)) {
    return;
  }
  throw new TypeError(
    "idleTimeout watches the pipes, and there is none: captureOutput is missing",
  );
}

function checkCommand(command: unknown): void {
  if (typeof command === "string") return;
  if (Array.isArray(command) && command.length > 0) return;
  throw new TypeError(
    `expected a command for the shell, or a program and its arguments, found ${
      Array.isArray(command) ? "an empty list" : describe(command)
    }`,
  );
}

const decoder = new TextDecoder();

/** What was captured, as `encoding` says. */
export function decoded(
  output: Output,
  { encoding }: { encoding?: "utf-8" | "buffer" | undefined },
): { stdout?: string | Uint8Array; stderr?: string | Uint8Array } {
  if (encoding === "buffer") return output;
  const text: { stdout?: string; stderr?: string } = {};
  if (output.stdout !== undefined) text.stdout = decoder.decode(output.stdout);
  if (output.stderr !== undefined) text.stderr = decoder.decode(output.stderr);
  return text;
}
