/** @module */
import type { Coroutine } from "../types.ts";
import { checkpointIfCancelled } from "./checkpoint.ts";
import { WaitQueue } from "./wait_queue.ts";

/**
 * Lets a number of tasks run at a time. The others wait, first come, first
 * served.
 */
export class CapacityLimiter {
  /** How many more tasks may enter. */
  #free: number;
  readonly #inside = new Set<object>();
  readonly #waiters: WaitQueue<void>;

  /** @param what What is waited for: `"TaskGroup's limit"`. */
  constructor(limit: number, what: string) {
    this.#free = limit;
    this.#waiters = new WaitQueue(what);
  }

  /** Calls `coroutine` when `task`, which is the current one, may enter. */
  enter<T>(task: object, coroutine: Coroutine<T>): PromiseLike<T> | T {
    if (this.#free > 0) {
      this.#free--;
      this.#inside.add(task);
      return coroutine();
    }
    return this.#waiters.wait().then(() => {
      this.#inside.add(task);
      return checkpointIfCancelled() ?? coroutine();
    });
  }

  /** Called when `task` has ended. If it was inside, the next one may enter. */
  leave(task: object): void {
    if (this.#inside.delete(task) && !this.#waiters.wake()) this.#free++;
  }
}
