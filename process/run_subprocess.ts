/** @module */
import { describe } from "../tasks/kernel/types.ts";
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";
import { copyOf } from "./_copy_of.ts";
import type { CompletedProcess } from "./completed_process.ts";
import type { RunSubprocessOptions } from "./run_options.ts";

const runs = new LazyModule(() => import("./_run.ts"));

/**
 * Runs a program to its end. Mirrors `subprocess.run`, and waits as asyncio
 * does.
 *
 * A list is a program and its arguments; a string goes through the shell.
 * `stdin` is {@linkcode DEVNULL} unless there is `input`. What is piped, by
 * `captureOutput` or by itself, is captured, up to `maxBuffer` bytes.
 *
 * - When `timeout` milliseconds are over, or nothing has moved through the
 *   pipes for `idleTimeout` milliseconds, the program is ended, and the error
 *   has what was captured until then. With zero or less, it is never started.
 * - A timeout, a cancel, the signal, or too much output ends the whole group:
 *   with `killSignal` (SIGTERM), and with SIGKILL after `killAfter`. Its input
 *   is closed, and its output still read, except after too much of it. The
 *   promise settles when all have ended, even if a process has left the group
 *   and holds a pipe open.
 *
 * **Cancel safety:** a cancel ends the program. The promise rejects when it has
 * ended; its output is lost.
 *
 * @throws {CalledProcessError} With `check`: it ended with another code than 0,
 * or by a signal.
 * @throws {TimeoutExpiredError} The time was up.
 * @throws {OutputLimitError} It wrote more than `maxBuffer` bytes.
 * @throws The error of a target of its output, or of the source of its input,
 * when it has ended.
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
): Promise<CompletedProcess<Uint8Array<ArrayBuffer>>>;
/** Runs a program, and returns its output as lines. */
export function runSubprocess(
  command: string | [string, ...string[]],
  options: RunSubprocessOptions & { lines: true },
): Promise<CompletedProcess<string[]>>;
/** Runs a program, and returns its output as text. */
export function runSubprocess(
  command: string | [string, ...string[]],
  options?: RunSubprocessOptions & {
    encoding?: "utf-8" | undefined;
    lines?: false | undefined;
  },
): Promise<CompletedProcess<string>>;
/** Runs a program, and returns its output as `encoding` and `lines` say. */
export function runSubprocess(
  command: string | [string, ...string[]],
  options?: RunSubprocessOptions,
): Promise<CompletedProcess<string | Uint8Array | string[]>>;
export function runSubprocess(
  command: string | [string, ...string[]],
  options: RunSubprocessOptions = {},
): Promise<CompletedProcess<string | Uint8Array | string[]>> {
  const [program] = [command].flat();
  const given = copyOf({ command, options });
  return runs.use(
    ({ runProgram }) => runProgram(given.command, given.options),
    {
      signal: options?.signal,
      failure: `cannot start ${describe(program)}`,
    },
  );
}
