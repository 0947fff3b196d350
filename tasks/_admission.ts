/** @module */
import { Line } from "./line.ts";
import type { Coroutine } from "./types.ts";
import { refused } from "./waiter.ts";

/**
 * Lets so many tasks run at a time, and the others wait, first come, first
 * served.
 */
export class Admission {
  /** How many more may enter. */
  #free: number;
  readonly #inside = new Set<object>();
  readonly #line = new Line<void>("TaskGroup's limit");

  constructor(limit: number) {
    this.#free = limit;
  }

  /** Calls `coroutine` when `task`, which is the current one, may enter. */
  enter<T>(task: object, coroutine: Coroutine<T>): PromiseLike<T> | T {
    if (this.#free > 0) {
      this.#free--;
      this.#inside.add(task);
      return coroutine();
    }
    return this.#line.wait().then(() => {
      this.#inside.add(task);
      return refused() ?? coroutine();
    });
  }

  /** `task` has ended: the next one may enter, if this one was inside. */
  leave(task: object): void {
    if (this.#inside.delete(task) && !this.#line.wake()) this.#free++;
  }
}
