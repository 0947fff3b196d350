/** @module */
import { describe } from "../tasks/kernel/types.ts";
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";
import { copyOf } from "./_copy_of.ts";
import type { CompletedProcess } from "./completed_process.ts";
import type { RunSubprocessOptions } from "./run_options.ts";

const runs = new LazyModule(() => import("./_run_programs.ts"));

/**
 * Runs a program to its end. Mirrors `subprocess.run`, and waits as asyncio
 * does.
 *
 * A list is a program and its arguments; a string is a command for the shell.
 * `stdin` is {@linkcode DEVNULL} unless there is `input`. An output that is a pipe,
 * by `captureOutput` or by its own option, is captured, up to `maxBuffer` bytes.
 *
 * - After `timeout` milliseconds, or if nothing has moved through the pipes for
 *   `idleTimeout` milliseconds, the program is ended, and the error has the output
 *   that was captured. If a limit is zero or less, the program is not started.
 * - A timeout, a cancel, the signal, or too much output ends the whole group: with
 *   `killSignal` (SIGTERM), and with SIGKILL after `killAfter`. The input is closed,
 *   and the output is read to the end, except after too much output. The promise
 *   settles when all processes of the group have ended, even if a process has left
 *   the group and holds a pipe open.
 *
 * **Cancel safety:** a cancel ends the program. The promise rejects when the program
 * has ended; its output is lost.
 *
 * @throws {CalledProcessError} With `check`: the program ended with another code
 * than 0, or by a signal.
 * @throws {TimeoutExpiredError} The time was up.
 * @throws {OutputLimitError} The program wrote more than `maxBuffer` bytes.
 * @throws The error of a target of the output, or of the source of the input, when
 * the program has ended.
 * @throws {Deno.errors.NotFound} There is no such program or directory; the
 * message names it.
 * @throws {TypeError} The command or an option is not valid.
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
      failure: `Cannot start ${describe(program)}`,
    },
  );
}
