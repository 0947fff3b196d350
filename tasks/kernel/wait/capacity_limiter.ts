/** @module */
import type { Coroutine } from "../types.ts";
import { checkpointIfCancelled } from "./checkpoint.ts";
import { WaitQueue } from "./wait_queue.ts";

/**
 * Lets so many tasks run at a time, and the others wait, first come, first
 * served.
 */
export class CapacityLimiter {
  /** How many more may enter. */
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

  /** `task` has ended: the next one may enter, if this one was inside. */
  leave(task: object): void {
    if (this.#inside.delete(task) && !this.#waiters.wake()) this.#free++;
  }
}
