/** @module */
import type { Timer } from "./kernel/loop/timer_heap.ts";
import { checkMilliseconds, type WaitOptions } from "./kernel/types.ts";
import { checkpointIfCancelled } from "./kernel/wait/checkpoint.ts";
import { Waiter } from "./kernel/wait/waiter.ts";

/** A sleep, which is its own timer. */
class Sleep<T> extends Waiter<T> implements Timer {
  readonly when: number;
  index = -1;
  order = 0;
  readonly #ms: number;

  constructor(ms: number, result: T, options: WaitOptions | undefined) {
    super(options);
    const { loop } = this.scope;
    this.#ms = ms;
    this.when = loop.clock.now() + ms;
    this.wakesWith(result);
    loop.addTimer(this);
  }

  get what(): string {
    return `sleep ${this.#ms}`;
  }

  protected override leave(): void {
    this.scope.loop.removeTimer(this);
  }
}

/** A wait for the next turn of the loop. */
class Turn<T> extends Waiter<T> {
  get what(): string {
    return "sleep 0";
  }
}

/**
 * Waits for `ms` milliseconds. Mirrors `asyncio.sleep`.
 *
 * - It always waits: with zero or less, every other ready task, timer and I/O
 *   event goes first.
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
/** Sleeps, and then resolves to `options.result`. */
export function sleep<T>(
  ms: number,
  options: WaitOptions & { result: T },
): Promise<T>;
export function sleep<T>(
  ms: number,
  options?: WaitOptions & { result?: T },
): Promise<T> {
  try {
    checkMilliseconds(ms, "Cannot sleep: the time");
  } catch (error) {
    return Promise.reject(error);
  }
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const result = options?.result as T;
  return ms <= 0
    ? new Turn<T>(options).wakeNextTurn(result)
    : new Sleep(ms, result, options).promise;
}
