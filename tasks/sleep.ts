/** @module */
import { currentScope } from "./kernel/context/current_scope.ts";
import { Timer } from "./kernel/loop/timer_heap.ts";
import { checkMilliseconds, type WaitOptions } from "./kernel/types.ts";
import { checkpointIfCancelled } from "./kernel/wait/checkpoint.ts";
import { type Place, Waiter } from "./kernel/wait/waiter.ts";

/** A turn of the loop as a place: there is nothing to take out of it. */
const TURN: Place = { what: "sleep 0", leave() {} };

class Sleep<T> extends Timer implements Place {
  readonly runsUserCode = false;
  readonly #ms: number;
  readonly #result: T;
  readonly #waiter: Waiter<T>;

  constructor(ms: number, result: T, options: WaitOptions | undefined) {
    const { scheduler } = currentScope();
    super(scheduler.clock.now() + ms);
    this.#ms = ms;
    this.#result = result;
    this.#waiter = new Waiter<T>(this, options);
    scheduler.addTimer(this);
  }

  get what(): string {
    return `sleep ${this.#ms}`;
  }

  get promise(): Promise<T> {
    return this.#waiter.promise;
  }

  run(): void {
    this.#waiter.wakeNow(this.#result);
  }

  leave(waiter: Waiter<T>): void {
    waiter.scope.scheduler.removeTimer(this);
  }
}

/**
 * Waits for `ms` milliseconds. Mirrors `asyncio.sleep`.
 *
 * - It always gives way: zero or less lets every other ready task, timer and
 *   I/O event go first, and then goes on.
 * - It is never early. Sleeps that end at the same time end in the order in
 *   which they were begun.
 * - `Infinity` sleeps until it is cancelled, and keeps the program alive.
 *
 * **Cancel safety:** a sleep that is cancelled or aborted ends at once and
 * leaves no timer behind.
 *
 * @throws {RangeError} `ms` is `NaN`.
 * @throws {CancelledError} The task was cancelled.
 *
 * @example
 * ```ts
 * import { sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * await sleep(10);
 * assertEquals(await sleep(10, { result: "rested" }), "rested");
 * ```
 */
export function sleep(ms: number, options?: WaitOptions): Promise<void>;
/** Sleeps, and then gives `options.result`. */
export function sleep<T>(
  ms: number,
  options: WaitOptions & { result: T },
): Promise<T>;
export function sleep<T>(
  ms: number,
  options?: WaitOptions & { result?: T },
): Promise<T> {
  try {
    checkMilliseconds(ms, "the time to sleep");
  } catch (error) {
    return Promise.reject(error);
  }
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const result = options?.result as T;
  return ms <= 0
    ? new Waiter<T>(TURN, options).wakeNextTurn(result)
    : new Sleep(ms, result, options).promise;
}
