/** @module */
import { Queue, setStore } from "./queue.ts";
import { Stack } from "./store/stack.ts";

/**
 * A {@linkcode Queue} from which the item that was put last leaves first. Mirrors
 * `asyncio.LifoQueue`.
 *
 * @example
 * ```ts
 * import { LifoQueue } from "@asyncio/asyncio/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new LifoQueue<number>();
 * for (const item of [1, 2, 3]) await queue.put(item);
 * assertEquals(await queue.get(), 3);
 * ```
 */
export class LifoQueue<T> extends Queue<T> {
  /**
   * Makes an empty queue.
   *
   * @param maxSize How many items it holds at most; 0 or less for no bound.
   * @throws {RangeError} `maxSize` is `NaN`.
   * @throws {TypeError} `maxSize` is no number.
   */
  constructor(maxSize?: number) {
    super({ maxSize });
    setStore(this, new Stack());
  }
}
