/** @module */
import type { StreamReader } from "../streams/stream_reader.ts";
import type { StreamWriter } from "../streams/stream_writer.ts";
import { detached } from "../tasks/kernel/context/detached.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import type { Scheduler } from "../tasks/kernel/loop/scheduler.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { ready } from "../tasks/kernel/wait/checkpoint.ts";
import { ShieldedWaiter } from "../tasks/kernel/wait/waiter.ts";
import { terminate } from "./signals/terminate.ts";
import { Communication, type ProcessOutput } from "./pipes/communicate.ts";
import { ExitWatcher } from "./signals/exit_watcher.ts";
import { Pipes } from "./pipes/pipes.ts";
import {
  ChildTarget,
  GroupTarget,
  type SignalTarget,
} from "./signals/signal_target.ts";
import type { SpawnSettings } from "./options.ts";

/**
 * Makes a process of a child that was started with `settings`: for those who
 * start them.
 */
export let processOf!: (
  child: Deno.ChildProcess,
  settings: SpawnSettings,
) => Process;

/** Whether its signals reach whom they are to reach: for those who start it. */
export let isReady!: (process: Process) => boolean;

/** What a process is made of: for those who run it to its end. */
export let partsOf!: (process: Process) => Parts;

/** The end of a process, its pipes, and the way of using them all at once. */
export interface Parts {
  readonly exit: ExitWatcher;
  readonly pipes: Pipes;
  readonly communication: Communication;
}

/**
 * Those that have ended, but left somebody of their group behind, as far as is
 * known.
 */
const leftovers = new Set<Process>();

/**
 * A program that was started, with its pipes. Made by {@linkcode
 * createSubprocessExec} and {@linkcode createSubprocessShell}. Mirrors
 * `asyncio.subprocess.Process`.
 *
 * - It is reaped when it has ended, waited for or not: there are no zombies.
 * - It ends with the `run` that it was started in, or with `await using`, and
 *   with it everybody in its group.
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
  /** The number that the system has given it. */
  readonly pid: number;
  readonly #exit: ExitWatcher;
  readonly #target: SignalTarget;
  readonly #pipes: Pipes;
  readonly #communication: Communication;
  readonly #killAfter: number;
  readonly #scheduler: Scheduler;
  readonly #down = new WaitQueue<void>("Process dispose");
  #state: "running" | "ending" | "down" = "running";

  private constructor(child: Deno.ChildProcess, settings: SpawnSettings) {
    this.pid = child.pid;
    this.#killAfter = settings.killAfter;
    this.#target = settings.group
      ? new GroupTarget(child)
      : new ChildTarget(child);
    this.#exit = new ExitWatcher(child.status, () => {
      this.#target.childEnded();
      this.#settle();
    });
    this.#pipes = new Pipes(child, settings, () => this.#settle());
    this.#communication = new Communication(this.#exit, this.#pipes);
    this.#scheduler = currentScope().scheduler;
    this.#scheduler.resources.add(this);
  }

  /**
   * Writes to it, where `stdin` is a pipe. Mirrors
   * `asyncio.subprocess.Process.stdin`.
   */
  get stdin(): StreamWriter | undefined {
    return this.#pipes.stdin;
  }

  /**
   * Reads its output, where `stdout` is a pipe. Mirrors
   * `asyncio.subprocess.Process.stdout`.
   */
  get stdout(): StreamReader | undefined {
    return this.#pipes.stdout;
  }

  /**
   * Reads its messages, where `stderr` is a pipe of its own. Mirrors
   * `asyncio.subprocess.Process.stderr`.
   */
  get stderr(): StreamReader | undefined {
    return this.#pipes.stderr;
  }

  /**
   * What it ended with: its exit code; -N where signal N ended it; `undefined`
   * while it runs. Mirrors `asyncio.subprocess.Process.returncode`.
   */
  get returnCode(): number | undefined {
    return this.#exit.returnCode;
  }

  /**
   * Waits for its end, as many as like. Mirrors
   * `asyncio.subprocess.Process.wait`.
   *
   * It waits for the program alone: a descendant that holds a pipe open is no
   * reason to wait. (asyncio waits for the pipes as well, and hangs there.)
   * What is left in the pipes can still be read.
   *
   * A program whose full pipe nobody reads never ends: use {@linkcode
   * communicate}.
   *
   * **Cancel safety:** a wait given up is over, and changes nothing for the
   * program and for others who wait.
   *
   * @returns {@linkcode returnCode}
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  wait(options?: WaitOptions): Promise<number> {
    return this.#exit.wait(options);
  }

  /**
   * Feeds it with `input`, closes its `stdin`, reads everything it writes, and
   * waits for its end, all at once: so no pipe fills up. Mirrors
   * `asyncio.subprocess.Process.communicate`.
   *
   * - What is not a pipe is `undefined` in what it gives.
   * - A program that ends, or stops reading, before it has read all of `input`
   *   is no failure.
   * - It waits until the pipes are closed, by descendants too.
   * - Everything is held in memory: read {@linkcode stdout} where that is too
   *   much.
   *
   * **Cancel safety:** given up, it loses no bytes and kills nothing. It may be
   * called again, without `input`, and goes on with what is left of it; what
   * was read is still to come, and can be read from the streams instead.
   *
   * @throws {TypeError} There is input, but `stdin` is no pipe.
   * @throws {Error} Another call is under way, or the input was given before.
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
    return this.#communication.run(input, options);
  }

  /**
   * Sends `signal` to it, and to its descendants where it has a group, also
   * when it has ended and they have not. No error where nobody is left, and
   * never a signal to a stranger who was given its number. Mirrors
   * `asyncio.subprocess.Process.send_signal`.
   *
   * @throws {TypeError} There is no such signal.
   * @throws {Deno.errors.PermissionDenied} It runs as somebody else.
   */
  sendSignal(signal: Deno.Signal): void {
    if (this.#state !== "down") this.#target.send(signal);
  }

  /**
   * Sends SIGTERM, which asks it to end. Mirrors
   * `asyncio.subprocess.Process.terminate`.
   */
  terminate(): void {
    this.sendSignal("SIGTERM");
  }

  /**
   * Sends SIGKILL, which ends it. Mirrors `asyncio.subprocess.Process.kill`.
   */
  kill(): void {
    this.sendSignal("SIGKILL");
  }

  /**
   * Ends it, and its descendants where it has a group: its pipes are closed, it
   * gets SIGTERM, and, where somebody is left after `killAfter` milliseconds,
   * SIGKILL. Settles when they have ended; harmless when they had before.
   *
   * **Cancel safety:** it is carried through: a cancel is delivered at the next
   * wait.
   *
   * @throws {Deno.errors.PermissionDenied} It runs as somebody else, and did
   * not end by itself.
   */
  [Symbol.asyncDispose](): Promise<void> {
    this.#pipes.close();
    if (this.#state === "down" || this.#target.gone) return ready(undefined);
    if (this.#state === "running") this.#terminate();
    return this.#down.add(new ShieldedWaiter<void>(this.#down));
  }

  #terminate(): void {
    this.#state = "ending";
    detached(() => terminate(this.#target, this.#exit, this.#killAfter)).then(
      () => {
        this.#state = "down";
        this.#settle();
        this.#down.wakeAll();
      },
      (error) => {
        this.#state = "running";
        this.#down.failAll(error);
      },
    );
  }

  /**
   * Looks what is left, and forgets about it where nothing is left that could
   * be ended.
   */
  #settle(): void {
    const over = this.#state === "down" || this.#target.gone;
    if (!over) {
      if (this.returnCode !== undefined) leftovers.add(this);
      return;
    }
    leftovers.delete(this);
    this.#pipes.finish();
    if (this.#pipes.closed) this.#scheduler.resources.delete(this);
  }

  static {
    processOf = (child, settings) => {
      for (const process of leftovers) process.#settle();
      return new Process(child, settings);
    };
    isReady = (process) => process.#target.ready;
    partsOf = (process) => ({
      exit: process.#exit,
      pipes: process.#pipes,
      communication: process.#communication,
    });
    printable(Process, (process) => ({
      pid: process.pid,
      returnCode: process.returnCode,
      state: process.#state === "running" && process.returnCode !== undefined
        ? "ended"
        : process.#state,
      stdin: process.stdin,
      stdout: process.stdout,
      stderr: process.stderr,
    }));
  }
}
