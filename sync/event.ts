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
 * - `set` wakes all calls that wait at that moment, in order of arrival, even
 *   if `clear` follows at once.
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

  /** Sets it, and wakes all calls that wait. Mirrors `asyncio.Event.set`. */
  set(): void {
    this.#isSet = true;
    this.#waiters.wakeAllInOrder(true);
  }

  /** Clears it: later calls wait again. Mirrors `asyncio.Event.clear`. */
  clear(): void {
    this.#isSet = false;
  }

  /**
   * Waits until it is set; always resolves to `true`. Mirrors
   * `asyncio.Event.wait`.
   *
   * **Cancel safety:** a call that is cancelled or aborted leaves nothing
   * behind. If it was woken before, it resolves, and the cancel is delivered at
   * the next wait.
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
