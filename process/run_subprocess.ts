/** @module */
import { describe } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
} from "../tasks/kernel/wait/checkpoint.ts";
import { Limits } from "./_limits.ts";
import {
  decoded,
  type RunSubprocessOptions,
  watchBytes,
  withPipes,
} from "./run_options.ts";
import { CompletedProcess } from "./completed_process.ts";
import {
  createSubprocessExec,
  createSubprocessShell,
} from "./create_subprocess.ts";
import { TimeoutExpiredError } from "./errors.ts";
import type { SubprocessOptions } from "./options.ts";
import { partsOf, type Process } from "./process.ts";
import { PIPE } from "./stdio.ts";

/**
 * Runs a program to its end. Mirrors `subprocess.run`, and waits as asyncio
 * does.
 *
 * A list is a program and its arguments; a string goes through the shell.
 * `stdin` is {@linkcode DEVNULL} unless there is `input`. What is piped, by
 * `captureOutput` or by itself, is captured.
 *
 * - When `timeout` milliseconds are over, or nothing has moved through its
 *   pipes for `idleTimeout` milliseconds, it is ended, and what was captured so
 *   far is in the error. With zero or less, it is never started.
 * - Whoever ends it, by a timeout, a cancel or the signal, ends its whole
 *   group: SIGTERM, and SIGKILL after `killAfter`. This settles when all of
 *   them have ended, also where one has left the group and holds a pipe open.
 *
 * **Cancel safety:** a cancel ends the program, waits for that, and only then
 * is thrown. Its output is lost.
 *
 * @throws {CalledProcessError} With `check`: it ended with another code than 0,
 * or by a signal.
 * @throws {TimeoutExpiredError} The time was up.
 * @throws {Deno.errors.NotFound} There is no such program or directory; the
 * message names it.
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
    return checkpointIfCancelled(options) ??
      ignoreCancelRejection(runChecked(command, plumbed, limits));
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
    const output = process && partsOf(process).communication.take();
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

function checkCommand(command: unknown): void {
  if (typeof command === "string") return;
  if (Array.isArray(command) && command.length > 0) return;
  throw new TypeError(
    `expected a command for the shell, or a program and its arguments, found ${
      Array.isArray(command) ? "an empty list" : describe(command)
    }`,
  );
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
