/**
 * Programs that end when they should: started, fed, read, waited for, and ended
 * with everybody they have started. Python's `asyncio.subprocess`, and the part
 * of its `subprocess` that runs a program in one call.
 *
 * **To its end.** {@linkcode runSubprocess} runs a program and gives what it
 * wrote; {@linkcode pipeline} runs several, each reading what the one before it
 * writes.
 *
 * ```ts
 * import { runSubprocess } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * const { stdout } = await runSubprocess(["uname", "-s"], {
 *   captureOutput: true,
 *   check: true, // an end with another code than 0 is an error
 *   timeout: 10_000, // and so is one that does not come
 * });
 * assertEquals(stdout?.includes("\n"), true);
 * ```
 *
 * **While it runs.** {@linkcode createSubprocessExec} and {@linkcode
 * createSubprocessShell} start a program and give a {@linkcode Process}. Its
 * pipes are the readers and writers of `@asyncio/asyncio/streams`: lines, exact
 * reads, backpressure, and no byte lost when a read is cancelled.
 *
 * ```ts
 * import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * await using echo = await createSubprocessExec("cat", [], {
 *   stdin: PIPE,
 *   stdout: PIPE,
 * });
 * echo.stdin!.write("hello\n");
 * const line = await echo.stdout!.readLine();
 * assertEquals(new TextDecoder().decode(line), "hello\n");
 * ```
 *
 * **The end.** A program leads a process group of its own, unless it inherits
 * the input, as a program at a terminal does. What ends it, ends the whole
 * group: SIGTERM, and for those that are left after `killAfter` milliseconds
 * SIGKILL.
 *
 * | what happens | what becomes of the program |
 * | --- | --- |
 * | a wait or a read is cancelled | it runs on |
 * | `await using` ends its block | it is ended |
 * | `runSubprocess` is cancelled, aborted or out of time | it is ended |
 * | the `run` ends that it was started in, also by Ctrl-C | it is ended |
 *
 * It is reaped in the background, whether anybody waits for it or not. What has
 * left the group (`setsid`, a daemon) is out of reach, but holds nothing up,
 * even if it keeps a pipe.
 *
 * **Permissions.** `--allow-run` for a group, since the runtime lets nobody
 * else signal one; with `--allow-run=git` alone, programs run without one. With
 * `--allow-read` and `--allow-env` on top, starting a group is faster, and a
 * missing program is told from others with `stderr: STDOUT`, too.
 *
 * **Windows** has no process groups and no signals but those that end a
 * program: `group: true` and `stderr: STDOUT` throw `Deno.errors.NotSupported`,
 * and what a program has started outlives it. The shell is `cmd`.
 *
 * @module
 */
export { DEVNULL, INHERIT, PIPE, type Stdio, STDOUT } from "./stdio.ts";
export type { SubprocessOptions } from "./options.ts";
export {
  createSubprocessExec,
  createSubprocessShell,
} from "./create_subprocess.ts";
export { Process } from "./process.ts";
export { runSubprocess } from "./run_subprocess.ts";
export type { RunSubprocessOptions } from "./run_options.ts";
export { pipeline } from "./pipeline.ts";
export { CompletedPipeline } from "./completed_pipeline.ts";
export { CompletedProcess } from "./completed_process.ts";
export {
  CalledProcessError,
  type CapturedOutput,
  TimeoutExpiredError,
} from "./errors.ts";
export type { TimeLimits } from "./_limits.ts";
export type { ProcessOutput } from "./pipes/communicate.ts";
export type { WaitOptions } from "../tasks/kernel/types.ts";
