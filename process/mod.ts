/**
 * Programs that end when they should: started, fed, read, waited for, and ended
 * with everything that they have started. Python's `asyncio.subprocess`, and the
 * part of its `subprocess` that runs a program in one call.
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
 * **Its streams** lead to and from files, Web Streams and async iterables as
 * well, and an output to several of them at once. Nothing is read faster than it
 * is taken, and what is captured is bounded (`maxBuffer`).
 *
 * ```ts
 * import { INHERIT, PIPE, runSubprocess } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * const log = await Deno.makeTempFile();
 * const { stdout } = await runSubprocess(["sort"], {
 *   input: new Response("pear\napple\n").body!,
 *   stdout: [INHERIT, PIPE, { file: log, append: true }], // shown, captured, kept
 *   lines: true,
 * });
 * assertEquals(stdout, ["apple", "pear"]);
 * assertEquals(await Deno.readTextFile(log), "apple\npear\n");
 * await Deno.remove(log);
 * ```
 *
 * **The end.** A program leads a process group of its own, unless its input is
 * an inherited terminal. What ends it, ends the whole group: `killSignal`
 * (SIGTERM), and for those that are left after `killAfter` milliseconds SIGKILL.
 *
 * | what happens | what becomes of the program |
 * | --- | --- |
 * | a wait or a read is cancelled | it runs on |
 * | `await using` ends its block | it is ended |
 * | `runSubprocess` is cancelled, aborted, out of time or over `maxBuffer` | it is ended |
 * | the `run` ends that it was started in, also by Ctrl-C | it is ended |
 * | this program ends: `Deno.exit`, an error, a signal, SIGKILL, too | it is ended |
 *
 * With `detached` it outlives the `run`, and this program.
 *
 * It is reaped in the background, whether anything waits for it or not. What has
 * left the group (`setsid`, a daemon) is out of reach, but holds nothing up,
 * even if it keeps a pipe.
 *
 * For the last line of the table, a small shell runs beside this program from
 * its first child on, and waits for its end. What a program leaves behind in the
 * background when it ends by itself is ended with a `run`, but not outside of
 * one.
 *
 * **Permissions.** `--allow-run` for a group, and to end programs with this one,
 * since the runtime lets no other program signal a group; with `--allow-run=git`
 * alone, programs run without one. With `--allow-read` and `--allow-env` on top,
 * starting a group is faster, and a missing program is told from others with
 * `stderr: STDOUT`, too. With all permissions, a program is seen to have ended
 * though its parent has not reaped it yet, and a series of programs shares the
 * shell.
 *
 * **Windows** has no process groups and no signals but those that end a
 * program: `group: true` and `stderr: STDOUT` throw `Deno.errors.NotSupported`,
 * what a program has started outlives it, and it outlives this program if that
 * is killed. The shell is `cmd`.
 *
 * @module
 */
export {
  DEVNULL,
  INHERIT,
  type InputSource,
  type OutputTarget,
  PIPE,
  type Stdio,
  STDOUT,
} from "./stdio.ts";
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
  OutputLimitError,
  TimeoutExpiredError,
} from "./errors.ts";
export type { TimeLimits } from "./_limits.ts";
export type { ProcessOutput } from "./pipes/communicate.ts";
export type { WaitOptions } from "../tasks/kernel/types.ts";
