/** @module */
import { contextOf } from "../kernel/context/context_variables.ts";
import { dumpOnSignal as dump } from "../debug/dump_on_signal.ts";
import { record } from "../debug/trace.ts";
import { EventLoop } from "../event_loop.ts";
import { rootFrame } from "../kernel/cancel/cancel_scope.ts";
import type { ContextFrame } from "../kernel/cancel/context_frame.ts";
import { copyVariables, runInFrame } from "../kernel/context/current_scope.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { type Clock, realClock } from "../kernel/loop/clock.ts";
import { type Loop, loopOf } from "../kernel/loop/loop.ts";
import {
  checkCoroutine,
  checkMilliseconds,
  checkOptions,
  type Coroutine,
  describe,
} from "../kernel/types.ts";
import { checkpointIfCancelled } from "../kernel/wait/checkpoint.ts";
import { printable } from "../kernel/watch/inspect.ts";
import { spawn } from "../task.ts";
import { MainRun } from "./_main_run.ts";
import { environment } from "../kernel/permissions.ts";
import { checkSignals } from "./_interrupt.ts";
import { isMonitored, openMonitor } from "./_monitor.ts";
import type { RunOptions } from "./run_options.ts";
import { shutDown } from "./_shutdown.ts";

let runAndClose!: <T>(runner: Runner, main: Coroutine<T>) => Promise<T>;

/**
 * Several runs that share one loop and its context variables. Mirrors
 * `asyncio.Runner`.
 *
 * **Cancel safety:** as {@linkcode run}.
 *
 * @example
 * ```ts
 * import { Runner } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * await using runner = new Runner();
 * assertEquals(await runner.run(() => 1), 1);
 * assertEquals(await runner.run(() => 2), 2);
 * ```
 */
export class Runner implements AsyncDisposable {
  /** The loop that the runs share. */
  readonly loop: EventLoop;
  readonly #options: RunOptions;
  /** The frame of code that belongs to no task. */
  readonly #frame: ContextFrame;
  #state: "idle" | "running" | "closed" = "idle";
  #closing: Promise<void> | undefined;
  /** End the trace and the dumps. */
  readonly #stopObserving: (() => void)[] = [];
  /** Ends the monitor. */
  readonly #closeMonitor: (() => Promise<void>) | undefined;

  /** Makes a runner; nothing runs yet. */
  constructor(options?: RunOptions) {
    checkOptions(options, "run");
    options ??= {};
    const { clock = realClock, debug = environment("ASYNCIO_DEBUG") === "1" } =
      options;
    const { signal, cancelReportAfter = 1000 } = options;
    if (signal !== undefined && typeof signal.aborted !== "boolean") {
      throw new TypeError(
        `Cannot run: signal is an AbortSignal, received ${describe(signal)}`,
      );
    }
    checkMilliseconds(cancelReportAfter, "Cannot run: cancelReportAfter");
    checkClock(clock);
    checkSignals(options.handleSignals);
    const monitored = isMonitored(options);
    this.#options = options;
    this.loop = new EventLoop({ clock });
    this.loop.debug = debug;
    const loop = loopOf(this.loop);
    loop.cancelReportAfter = cancelReportAfter;
    loop.paused = true;
    this.#frame = rootFrame(loop, copyVariables());
    try {
      this.#observe(loop, options);
    } catch (error) {
      this.#endObservers();
      loop.close();
      throw error;
    }
    if (monitored) this.#closeMonitor = openMonitor(loop);
  }

  #observe(loop: Loop, { dumpOnSignal, trace }: RunOptions): void {
    if (trace !== undefined) this.#stopObserving.push(record(loop, trace));
    if (dumpOnSignal !== undefined) {
      this.#stopObserving.push(dump(loop, dumpOnSignal));
    }
  }

  #endObservers(): void {
    for (const stop of this.#stopObserving) stop();
  }

  /**
   * Runs `main` as a task, and settles as that does. Other tasks that still run
   * go on in the next run, and end with {@linkcode close}. Mirrors
   * `asyncio.Runner.run`.
   *
   * **Cancel safety:** cancelling the caller cancels `main`. This settles when
   * `main` has ended.
   *
   * @throws {TypeError} `main` is no function.
   * @throws {InvalidStateError} It runs already, or is closed.
   * @throws {InterruptError} A signal has ended it, such as Ctrl-C.
   */
  run<T>(main: Coroutine<T>): Promise<T> {
    return this.#run(main, () => {
      this.#state = "idle";
      this.#frame.scope.loop.paused = true;
      return Promise.resolve();
    });
  }

  /**
   * Cancels the tasks that are left, waits for them, and ends servers, children
   * and threads. Calling it again waits for the same. Mirrors
   * `asyncio.Runner.close`.
   *
   * **Cancel safety:** no cancel ends it: it resolves when nothing is left.
   *
   * @throws {InvalidStateError} It is running.
   */
  close(): Promise<void> {
    if (this.#state === "running") {
      return Promise.reject(wrongState(this.#state));
    }
    return this.#close();
  }

  /** As {@linkcode close}. */
  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  #run<T>(main: Coroutine<T>, finish: () => Promise<void>): Promise<T> {
    try {
      checkCoroutine(main, "run");
      if (this.#state !== "idle") throw wrongState(this.#state);
    } catch (error) {
      return Promise.reject(error);
    }
    const rejection = checkpointIfCancelled(this.#options);
    if (rejection !== undefined) return rejection;
    const { scope: { loop }, variables } = this.#frame;
    const start = () => spawn(main, loop, { context: contextOf(variables) });
    loop.paused = false;
    this.#state = "running"; // before: an eager main may end in its first step
    try {
      const ended = new MainRun(start, this.#options, finish);
      return ended.then((value) => value);
    } catch (error) {
      loop.paused = true;
      this.#state = "idle";
      return Promise.reject(error);
    }
  }

  #close(): Promise<void> {
    this.#state = "closed";
    this.#closing ??= runInFrame(this.#frame, () => this.#shutDown());
    return this.#closing;
  }

  async #shutDown(): Promise<void> {
    const { loop } = this.#frame.scope;
    loop.paused = false;
    await shutDown(loop, this.#closeMonitor);
    this.#endObservers();
  }

  static {
    runAndClose = (runner, main) => {
      const result = runner.#run(main, () => runner.#close());
      if (runner.#state === "idle") runner.#close(); // main did not start
      return result;
    };
    printable(Runner, (runner) => ({
      state: runner.#state,
      loop: runner.loop,
    }));
  }
}

/**
 * Runs `main` as the main task of a loop of its own. Mirrors `asyncio.run`.
 *
 * When `main` has ended, tasks that still run are cancelled and waited for,
 * servers, children and threads are ended, and `run` settles as `main` did. If
 * one of these tasks fails, that is reported.
 *
 * Several runs may go side by side. A `run` inside a task is a wait of that
 * task.
 *
 * **Cancel safety:** cancelling the caller cancels `main`. `run` rejects when
 * the clean-up is over.
 *
 * @throws {TypeError} `main` is no function: `run(() => main(x))`, not
 * `run(main(x))`.
 * @throws {InterruptError} Ctrl-C, SIGTERM or SIGHUP has ended it. If the
 * program does not catch it, it exits with code 130, 143 or 129.
 *
 * @example
 * ```ts
 * import { gather, run, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * async function fetchPage(name: string): Promise<string> {
 *   await sleep(5);
 *   return name.toUpperCase();
 * }
 *
 * const pages = await run(() =>
 *   gather([() => fetchPage("a"), () => fetchPage("b")])
 * );
 * assertEquals(pages, ["A", "B"]);
 * ```
 */
export function run<T>(main: Coroutine<T>, options?: RunOptions): Promise<T> {
  try {
    return runAndClose(new Runner(options), main);
  } catch (error) {
    return Promise.reject(error);
  }
}

/** @throws {TypeError} `clock` is no clock. */
function checkClock(clock: unknown): void {
  const { now, connect } = Object(clock) as Partial<Clock>;
  if (typeof now === "function" && typeof connect === "function") return;
  throw new TypeError(
    `Cannot run: clock is a Clock, received ${describe(clock)}`,
  );
}

function wrongState(state: string): InvalidStateError {
  return new InvalidStateError(`Cannot run: the runner is ${state}`);
}
