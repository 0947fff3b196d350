/** @module */
import { Callback } from "./kernel/context/callback.ts";
import { BoundCallback } from "./kernel/loop/bound_calls.ts";
import type { Loop } from "./kernel/loop/loop.ts";
import { Timer } from "./kernel/loop/timer_heap.ts";
import { printable } from "./kernel/watch/inspect.ts";

/**
 * A callback that will be called soon. Made by `EventLoop.callSoon`. Mirrors
 * `asyncio.Handle`.
 *
 * @example
 * ```ts
 * import { getRunningLoop, sleep } from "@asyncio/asyncio/tasks";
 * import { assert } from "@std/assert";
 *
 * let called = false;
 * const handle = getRunningLoop().callSoon(() => called = true);
 * handle.cancel();
 * await sleep(1);
 * assert(handle.cancelled && !called);
 * ```
 */
export class Handle {
  readonly #callback: Callback;

  /** Not for users: `EventLoop.callSoon` makes them. */
  constructor(callback: object) {
    this.#callback = callback as Callback;
  }

  /**
   * Cancels the callback: it is not called any more. Does nothing if it was
   * called. Mirrors `asyncio.Handle.cancel`.
   */
  cancel(): void {
    this.#callback.cancel();
  }

  /** Whether it was cancelled. Mirrors `asyncio.Handle.cancelled`. */
  get cancelled(): boolean {
    return this.#callback.cancelled;
  }

  static {
    printable(Handle, (handle) => ({ cancelled: handle.cancelled }));
  }
}

/**
 * A callback that will be called at a time. Made by
 * `EventLoop.callLater` and `callAt`. Mirrors `asyncio.TimerHandle`.
 *
 * @example
 * ```ts
 * import { getRunningLoop } from "@asyncio/asyncio/tasks";
 * import { assert } from "@std/assert";
 *
 * const loop = getRunningLoop();
 * const handle = loop.callLater(60_000, () => console.log("never"));
 * assert(handle.when > loop.time());
 * handle.cancel(); // nothing keeps the program alive any more
 * ```
 */
export class TimerHandle extends Handle {
  readonly #timer: CallbackTimer;

  /** Not for users: `EventLoop.callAt` makes them. */
  constructor(callback: object, timer: object) {
    super(callback);
    this.#timer = timer as CallbackTimer;
  }

  /**
   * The time on the loop's clock, in milliseconds. Mirrors
   * `asyncio.TimerHandle.when`.
   */
  get when(): number {
    return this.#timer.when;
  }

  /**
   * Cancels the callback, and removes its timer. Mirrors
   * `asyncio.TimerHandle.cancel`.
   */
  override cancel(): void {
    super.cancel();
    this.#timer.stop();
  }

  static {
    printable(TimerHandle, (handle) => ({
      when: handle.when,
      cancelled: handle.cancelled,
    }));
  }
}

/** Calls `fn` soon; from a callback, in the next turn. */
export function callSoon(loop: Loop, fn: () => void): Handle {
  const callback = new Callback(loop, fn);
  if (loop.isInCallback) loop.deferCall(callback);
  else loop.soon(callback);
  return new Handle(callback);
}

/** Calls `fn` at the time `when`. */
export function callAt(
  loop: Loop,
  when: number,
  fn: () => void,
): TimerHandle {
  const callback = new Callback(loop, fn);
  const timer = new CallbackTimer(when, callback);
  loop.addTimer(timer);
  return new TimerHandle(callback, timer);
}

class CallbackTimer extends Timer {
  readonly runsUserCode = true;
  readonly #loop: Loop;
  readonly #call: BoundCallback;

  constructor(when: number, callback: Callback) {
    super(when);
    this.#loop = callback.loop;
    this.#call = new BoundCallback(callback);
  }

  run(): void {
    this.#call.run();
  }

  stop(): void {
    this.#loop.removeTimer(this);
  }
}
