/**
 * Subprocesses: programs are started, fed, read, waited for, and ended, together
 * with all processes that they have started. Python's `asyncio.subprocess`, and the
 * part of its `subprocess` that runs a program in one call.
 *
 * **To its end.** {@linkcode runSubprocess} runs a program and resolves to its
 * output; {@linkcode pipeline} runs several, each of which reads what the one before
 * it writes.
 *
 * ```ts
 * import { runSubprocess } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * const { stdout } = await runSubprocess(["uname", "-s"], {
 *   captureOutput: true,
 *   check: true, // an end with another code than 0 is an error
 *   timeout: 10_000, // and so is no end within 10 s
 * });
 * assertEquals(stdout?.includes("\n"), true);
 * ```
 *
 * **While it runs.** {@linkcode createSubprocessExec} and {@linkcode
 * createSubprocessShell} start a program and resolve to a {@linkcode Process}. Its
 * pipes are readers and writers of `@asyncio/asyncio/streams`: lines, exact reads,
 * backpressure, and no byte lost when a read is cancelled.
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
 * **Its streams** can also be files, Web Streams and async iterables, and an output
 * can go to several of them. Nothing is read faster than it is taken, and captured
 * output is bounded (`maxBuffer`).
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
 * **The end.** A program leads a process group of its own, unless its input is an
 * inherited terminal. It is ended together with the whole group: by `killSignal`
 * (SIGTERM), and the processes that are left after `killAfter` milliseconds by
 * SIGKILL.
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
 * It is reaped in the background, whether anything waits for it or not. A process
 * that has left the group (`setsid`, a daemon) is not ended, but holds nothing up,
 * even if it keeps a pipe.
 *
 * For the last line of the table, a small shell runs beside this program from the
 * start of its first child, and waits for the end of this program. If a program
 * ends by itself and leaves processes in the background, these are ended with the
 * `run`; outside of one they stay.
 *
 * **Permissions.** Groups, and ending programs with this one, need `--allow-run`,
 * as the runtime lets no other program signal a group. With `--allow-run=git`
 * alone, programs run without a group. If `--allow-read` and `--allow-env` are
 * granted, too, starting a group is faster, and a missing program is an error also
 * with `stderr: STDOUT`. With all permissions, a process counts as ended though its
 * parent has not reaped it yet, and a series of programs shares the shell.
 *
 * **Windows** has no process groups, and only signals that end a program. `group:
 * true` and `stderr: STDOUT` throw `Deno.errors.NotSupported`. The processes that a
 * program has started outlive it, and it outlives this program if that is killed.
 * The shell is `cmd`.
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
export type { TimeLimits } from "./_time_limits.ts";
export type { ProcessOutput } from "./pipes/communicate.ts";
export type { WaitOptions } from "../tasks/kernel/types.ts";
