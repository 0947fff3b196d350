/** @module */
import { Line } from "../tasks/line.ts";
import type { WaitOptions } from "../tasks/types.ts";
import { passed, refused } from "../tasks/waiter.ts";

/**
 * How many items were put and not reported as done, and who waits until there
 * are none.
 */
export class Unfinished {
  readonly #line = new Line<void>("Queue.join");
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get waiting(): number {
    return this.#line.size;
  }

  add(): void {
    this.#count++;
  }

  /**
   * Takes `count` off, or what is left: an item may have been reported as done
   * while it was still in the queue.
   */
  finish(count: number): void {
    this.#count = Math.max(this.#count - count, 0);
    if (this.#count === 0) this.#line.wakeAll();
  }

  join(options?: WaitOptions): Promise<void> {
    const refusal = refused(options);
    if (refusal !== undefined) return refusal;
    return this.#count === 0 ? passed(undefined) : this.#line.wait(options);
  }
}
