/** @module */
import type { WaitOptions } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";

/**
 * A flag to wait for. Mirrors `asyncio.Event`.
 *
 * - `set` wakes all who wait at that moment, in order of arrival, even where
 *   `clear` follows at once.
 * - While it is set, no call waits.
 *
 * @example
 * ```ts
 * import { Event } from "@asyncio/asyncio/sync";
 * import { createTask } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const ready = new Event();
 * const waiter = createTask(async () => {
 *   await ready.wait();
 *   return "go";
 * });
 * ready.set();
 * assertEquals(await waiter, "go");
 * ```
 */
export class Event {
  #isSet = false;
  readonly #waiters = new WaitQueue<true>("Event.wait");

  /** Whether it is set. Mirrors `asyncio.Event.is_set`. */
  get isSet(): boolean {
    return this.#isSet;
  }

  /** Sets it, and wakes all who wait. Mirrors `asyncio.Event.set`. */
  set(): void {
    this.#isSet = true;
    this.#waiters.wakeAllInOrder(true);
  }

  /** Makes those who come next wait again. Mirrors `asyncio.Event.clear`. */
  clear(): void {
    this.#isSet = false;
  }

  /**
   * Waits until it is set; always gives `true`. Mirrors `asyncio.Event.wait`.
   *
   * **Cancel safety:** given up, it leaves nothing behind. Woken before that,
   * it gives `true`, and the cancel is delivered at the next wait.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  wait(options?: WaitOptions): Promise<true> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#isSet ? ready(true) : this.#waiters.wait(options);
  }

  static {
    printable(Event, (event) => ({
      isSet: event.#isSet,
      waiting: event.#waiters.size,
    }));
  }
}
