/** @module */
import { setDebug } from "./debug/debug_mode.ts";
import { Future } from "./future.ts";
import { callAt, callSoon, type Handle, type TimerHandle } from "./handle.ts";
import { Callback } from "./kernel/context/callback.ts";
import { currentScope, outsideLoop } from "./kernel/context/current_scope.ts";
import { type Clock, realClock } from "./kernel/loop/clock.ts";
import { printReport } from "./kernel/loop/report.ts";
import { bindLoop, Loop, loopOf } from "./kernel/loop/loop.ts";
import {
  checkCoroutine,
  checkFunction,
  checkMilliseconds,
  checkOptions,
  type Coroutine,
} from "./kernel/types.ts";
import { printable } from "./kernel/watch/inspect.ts";
import { onOwnSignal } from "./signals.ts";
import { spawn, type Task, type TaskOptions } from "./task.ts";
import type { TaskFactory } from "./task_factory.ts";

/** What is known of an error that no code catches. */
export interface ExceptionContext {
  /** What happened, in a sentence. */
  message: string;
  /** The error itself. */
  error?: unknown;
  /** The task it comes from. */
  task?: Task<unknown>;
  /** The future it comes from. */
  future?: Future<unknown>;
}

/** Called with each error that no code catches. */
type ExceptionHandler = (loop: EventLoop, context: ExceptionContext) => void;

/**
 * The event loop. Mirrors `asyncio.AbstractEventLoop`.
 *
 * Every `run` has a loop of its own. Outside of `run` there is the default loop
 * of the process. Most programs never need this class: `createTask`, `sleep`
 * and the like use the current loop.
 *
 * @example
 * ```ts
 * import { getRunningLoop, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const loop = getRunningLoop();
 * const order: string[] = [];
 * loop.callLater(10, () => order.push("later"));
 * loop.callSoon(() => order.push("soon"));
 * await sleep(20);
 * assertEquals(order, ["soon", "later"]);
 * ```
 */
export class EventLoop {
  #exceptionHandler: ExceptionHandler | undefined = undefined;
  #taskFactory: TaskFactory | undefined = undefined;

  /**
   * Makes a loop, which starts when it is first used. `run` and `Runner` make
   * theirs themselves.
   */
  constructor(options?: { clock?: Clock }) {
    bindLoop(this, new Loop(options?.clock ?? realClock));
  }

  /**
   * Returns the time of the loop's clock, in milliseconds: monotonic, from an
   * arbitrary start. Mirrors `loop.time`.
   */
  time(): number {
    return loopOf(this).clock.now();
  }

  /**
   * Whether its run is under way, or it belongs to no run.
   * Mirrors `loop.is_running`.
   */
  get isRunning(): boolean {
    const { closed, paused } = loopOf(this);
    return !closed && !paused;
  }

  /**
   * Whether its run has ended: nothing can be started any more. Mirrors
   * `loop.is_closed`.
   */
  get isClosed(): boolean {
    return loopOf(this).closed;
  }

  /**
   * Calls `callback` after the current synchronous code, in the order of the
   * calls. Mirrors `loop.call_soon`.
   *
   * It runs in a copy of the caller's context and in no task. An error that it
   * throws goes to the exception handler.
   *
   * @throws {InvalidStateError} The run that the loop belongs to has ended.
   */
  callSoon(callback: () => void): Handle {
    checkFunction(callback, "Cannot schedule a call: the callback");
    return callSoon(openLoopOf(this), callback);
  }

  /**
   * Calls `callback` in `delay` milliseconds, otherwise like
   * {@linkcode callSoon}. Mirrors `loop.call_later`.
   *
   * Callbacks of the same time are called in the order in which they were set.
   *
   * @throws {RangeError} `delay` is `NaN`.
   * @throws {InvalidStateError} The run that the loop belongs to has ended.
   */
  callLater(delay: number, callback: () => void): TimerHandle {
    checkMilliseconds(delay, "Cannot schedule a call: the delay");
    return this.callAt(this.time() + delay, callback);
  }

  /**
   * Calls `callback` when the loop's clock has reached `when`. Mirrors
   * `loop.call_at`.
   *
   * @throws {RangeError} `when` is `NaN`.
   * @throws {InvalidStateError} The run that the loop belongs to has ended.
   */
  callAt(when: number, callback: () => void): TimerHandle {
    checkMilliseconds(when, "Cannot schedule a call: the time");
    checkFunction(callback, "Cannot schedule a call: the callback");
    return callAt(openLoopOf(this), when, callback);
  }

  /**
   * As the function {@linkcode createTask}, on this loop. Mirrors
   * `loop.create_task`.
   */
  createTask<T>(coroutine: Coroutine<T>, options?: TaskOptions): Task<T> {
    checkCoroutine(coroutine, "createTask");
    checkOptions(options, "create a task");
    return spawn(coroutine, loopOf(this), options);
  }

  /**
   * Sets the function that makes the tasks of this loop, also those of groups
   * and gathers. With `undefined`, tasks are plain again. Mirrors
   * `loop.set_task_factory`.
   *
   * A factory makes a task with `loop.createTask`, and returns it.
   *
   * @throws {TypeError} `factory` is no function.
   *
   * @example Count the tasks, and give them names
   * ```ts
   * import { createTask, getRunningLoop, run } from "@asyncio/asyncio/tasks";
   * import { assertEquals } from "@std/assert";
   *
   * await run(async () => {
   *   let made = 0;
   *   getRunningLoop().setTaskFactory((loop, coroutine, options) =>
   *     loop.createTask(coroutine, { name: `worker ${++made}`, ...options })
   *   );
   *   const task = createTask(() => "done");
   *   assertEquals([task.name, await task], ["worker 1", "done"]);
   * });
   * ```
   */
  setTaskFactory(factory: TaskFactory | undefined): void {
    if (factory !== undefined) {
      checkFunction(factory, "Cannot set the task factory: it");
    }
    this.#taskFactory = factory;
    loopOf(this).taskFactory = factory as Loop["taskFactory"];
  }

  /**
   * Returns the task factory; `undefined` unless one was set. Mirrors
   * `loop.get_task_factory`.
   */
  getTaskFactory(): TaskFactory | undefined {
    return this.#taskFactory;
  }

  /** Makes a future of this loop. Mirrors `loop.create_future`. */
  createFuture<T>(): Future<T> {
    return new Future<T>({ loop: this });
  }

  /**
   * Calls `callback` whenever `signal` arrives, in place of the handler set
   * before. Until the handler is removed, the signal ends no `run`. The end of
   * the run removes it. Mirrors `loop.add_signal_handler`.
   *
   * @throws {InvalidStateError} The run that the loop belongs to has ended.
   */
  addSignalHandler(signal: Deno.Signal, callback: () => void): void {
    checkFunction(callback, "Cannot handle a signal: the callback");
    const loop = openLoopOf(this);
    this.removeSignalHandler(signal);
    const call = new Callback(loop, callback);
    const stop = onOwnSignal(signal, () => loop.soon(call));
    loop.signalHandlers.set(signal, stop);
  }

  /**
   * Removes the handler of `signal`. Returns false if there was none. Mirrors
   * `loop.remove_signal_handler`.
   */
  removeSignalHandler(signal: Deno.Signal): boolean {
    const { signalHandlers } = loopOf(this);
    signalHandlers.get(signal)?.();
    return signalHandlers.delete(signal);
  }

  /**
   * Sets the handler of errors that no code catches. With `undefined`, they are
   * printed on stderr. Mirrors `loop.set_exception_handler`.
   *
   * The handler is called with the context variables of the task or callback
   * that the error comes from.
   */
  setExceptionHandler(
    handler:
      | ((loop: EventLoop, context: ExceptionContext) => void)
      | undefined,
  ): void {
    if (handler !== undefined) {
      checkFunction(handler, "Cannot set the exception handler: it");
    }
    this.#exceptionHandler = handler;
    const loop = loopOf(this);
    loop.report = handler === undefined ? printReport : (report) => {
      const context = report as ExceptionContext;
      const handle = () => handler(this, context);
      try {
        if (context.task === undefined) handle();
        else context.task.getContext().run(handle);
      } catch (error) {
        printReport(report);
        printReport({ message: "Exception in the exception handler", error });
      }
    };
  }

  /**
   * Returns the exception handler; `undefined` unless one was set.
   * Mirrors `loop.get_exception_handler`.
   */
  getExceptionHandler():
    | ((loop: EventLoop, context: ExceptionContext) => void)
    | undefined {
    return this.#exceptionHandler;
  }

  /**
   * Calls the exception handler. Mirrors
   * `loop.call_exception_handler`.
   */
  callExceptionHandler(context: ExceptionContext): void {
    loopOf(this).report(context);
  }

  /**
   * Debug mode: it costs time, and is off unless asked for. Mirrors
   * `loop.get_debug` and `set_debug`.
   *
   * It notes where and when waits were begun, where tasks were made, and where
   * a cancel was asked for: reports and call graphs then name the lines of your
   * code. And it reports, through the exception handler,
   *
   * - a callback, or a task between two waits, that takes longer than
   *   {@linkcode slowCallbackDuration};
   * - a task that ends and still holds a lock, or has begun a wait that goes on
   *   (an `await` is missing);
   * - a queue that was shut down and whose items were never taken;
   * - tasks, servers, children and pools that are left when `run` ends.
   */
  get debug(): boolean {
    return loopOf(this).debug;
  }

  set debug(value: boolean) {
    setDebug(loopOf(this), value);
  }

  /**
   * In debug mode a callback, or a task between two waits, that takes longer is
   * reported. Milliseconds, 100 unless set. Mirrors
   * `loop.slow_callback_duration`.
   */
  get slowCallbackDuration(): number {
    return loopOf(this).slowCallbackDuration;
  }

  set slowCallbackDuration(ms: number) {
    checkMilliseconds(ms, "Cannot watch callbacks: slowCallbackDuration");
    loopOf(this).slowCallbackDuration = ms;
  }

  static {
    printable(EventLoop, (eventLoop) => {
      const { tasks, closed, debug } = loopOf(eventLoop);
      return { tasks: tasks.size, closed, debug };
    });
  }
}

bindLoop(new EventLoop(), outsideLoop);

function openLoopOf(eventLoop: EventLoop): Loop {
  const loop = loopOf(eventLoop);
  loop.checkOpen("schedule a call");
  return loop;
}

/**
 * Returns the loop of the calling code: outside of `run` the default loop.
 * Mirrors `asyncio.get_running_loop`.
 *
 * @example
 * ```ts
 * import { getRunningLoop, run } from "@asyncio/asyncio/tasks";
 * import { assert } from "@std/assert";
 *
 * const loop = await run(() => getRunningLoop());
 * assert(loop !== getRunningLoop()); // every run has its own
 * ```
 */
export function getRunningLoop(): EventLoop {
  return currentScope().loop.eventLoop as EventLoop;
}
