/** @module */
import type { StreamReader } from "../streams/stream_reader.ts";
import type { StreamWriter } from "../streams/stream_writer.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import type { Child } from "./_child.ts";
import type { ProcessOutput } from "./pipes/communicate.ts";

/** Makes the process of a child. */
export let processOf!: (child: Child) => Process;

/** Returns the child of a process. */
export let childOf!: (process: Process) => Child;

/**
 * A program that was started, with its pipes. Made by {@linkcode
 * createSubprocessExec} and {@linkcode createSubprocessShell}. Mirrors
 * `asyncio.subprocess.Process`.
 *
 * - It is reaped when it has ended, whether anything waits or not: there are no
 *   zombies.
 * - It ends with the `run` in which it was started, with `await using`, or with this
 *   program, and so do the other members of its group.
 *
 * @example
 * ```ts
 * import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
 * import { assertEquals } from "@std/assert";
 *
 * await using sort = await createSubprocessExec("sort", [], {
 *   stdin: PIPE,
 *   stdout: PIPE,
 * });
 * sort.stdin!.write("pear\napple\n");
 * sort.stdin!.close();
 * const lines = await Array.fromAsync(sort.stdout!.lines());
 * assertEquals(lines, ["apple", "pear"]);
 * assertEquals(await sort.wait(), 0);
 * ```
 */
export class Process implements AsyncDisposable {
  /** The process ID. */
  readonly pid: number;
  readonly #child: Child;

  private constructor(child: Child) {
    this.#child = child;
    this.pid = child.pid;
  }

  /**
   * Writes to the program, if `stdin` is a pipe. Mirrors
   * `asyncio.subprocess.Process.stdin`.
   */
  get stdin(): StreamWriter | undefined {
    return this.#child.pipes.stdin;
  }

  /**
   * Reads the program's output, if `stdout` is a pipe. Mirrors
   * `asyncio.subprocess.Process.stdout`.
   */
  get stdout(): StreamReader | undefined {
    return this.#child.pipes.stdout;
  }

  /**
   * Reads the program's messages, if `stderr` is a pipe of its own. Mirrors
   * `asyncio.subprocess.Process.stderr`.
   */
  get stderr(): StreamReader | undefined {
    return this.#child.pipes.stderr;
  }

  /**
   * The exit code; -N if signal N ended the program; `undefined` while it runs.
   * Mirrors `asyncio.subprocess.Process.returncode`.
   */
  get returnCode(): number | undefined {
    return this.#child.exit.returnCode;
  }

  /**
   * Waits for the end of the program; any number of tasks can. Mirrors
   * `asyncio.subprocess.Process.wait`.
   *
   * - It waits for the program alone, not for descendants that hold a pipe open.
   *   (asyncio waits for the pipes as well, and hangs then.) The output that is left
   *   in the pipes can still be read.
   * - If files or streams are targets of the output, it also waits until they have
   *   got everything, and for that until descendants have closed the pipe.
   * - A program whose full pipe is not read never ends: use {@linkcode
   *   communicate}.
   *
   * **Cancel safety:** a cancelled wait ends, and changes nothing for the program and
   * for other waits.
   *
   * @returns {@linkcode returnCode}
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   * @throws The error of a target of the output, or of the source of the input, when
   * the program has ended.
   */
  wait(options?: WaitOptions): Promise<number> {
    return this.#child.wait(options);
  }

  /**
   * Writes `input` to the program, closes its `stdin`, reads everything that it
   * writes, and waits for its end, all at the same time, so that no pipe fills up.
   * Mirrors `asyncio.subprocess.Process.communicate`.
   *
   * - An output that is not a pipe is `undefined` in the result.
   * - It is no failure if the program ends, or stops reading, before it has read all
   *   of `input`.
   * - It waits until the pipes are closed, by descendants too.
   * - Everything is held in memory: read {@linkcode stdout} if that is too much.
   *
   * **Cancel safety:** a cancelled call loses no bytes and kills nothing. A later
   * call without `input` goes on with the rest of it. The output that was read until
   * then is in the result of that call, or can be read from the streams instead.
   *
   * @throws {TypeError} There is input, but `stdin` is no pipe.
   * @throws {Error} Another call is under way, or the input was given before.
   * @throws As {@linkcode wait}.
   *
   * @example
   * ```ts
   * import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
   * import { assertEquals } from "@std/assert";
   *
   * const count = await createSubprocessExec("wc", ["-c"], {
   *   stdin: PIPE,
   *   stdout: PIPE,
   * });
   * const { stdout } = await count.communicate("four");
   * assertEquals(new TextDecoder().decode(stdout).trim(), "4");
   * ```
   */
  communicate(
    input?: string | Uint8Array,
    options?: WaitOptions,
  ): Promise<ProcessOutput> {
    return this.#child.communicate(input, options);
  }

  /**
   * Sends `signal` to the program, and to its descendants if it has a group, even if
   * the program has ended and they have not. Does nothing if all have ended: no
   * signal goes to another process that has the same ID now. Mirrors
   * `asyncio.subprocess.Process.send_signal`.
   *
   * @throws {TypeError} There is no such signal.
   * @throws {Deno.errors.PermissionDenied} It runs as another user.
   */
  sendSignal(signal: Deno.Signal): void {
    this.#child.send(signal);
  }

  /**
   * Sends SIGTERM, which asks the program to end. Mirrors
   * `asyncio.subprocess.Process.terminate`.
   */
  terminate(): void {
    this.sendSignal("SIGTERM");
  }

  /**
   * Sends SIGKILL, which ends the program. Mirrors
   * `asyncio.subprocess.Process.kill`.
   */
  kill(): void {
    this.sendSignal("SIGKILL");
  }

  /**
   * Ends the program, and its descendants if it has a group: closes the pipes, sends
   * `killSignal` (SIGTERM), lets a stopped program go on (SIGCONT), and sends SIGKILL
   * after `killAfter` milliseconds to the processes that are left. Resolves when all
   * have ended, at once if they had ended before.
   *
   * **Cancel safety:** a cancel does not end the wait, and is delivered at the next
   * one.
   *
   * @throws {Deno.errors.PermissionDenied} The program runs as another user, and did
   * not end by itself.
   */
  [Symbol.asyncDispose](): Promise<void> {
    return this.#child.dispose();
  }

  static {
    processOf = (child) => new Process(child);
    childOf = (process) => process.#child;
    printable(Process, (process) => ({
      pid: process.pid,
      returnCode: process.returnCode,
      state: process.#child.state,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
    }));
  }
}
