/** @module */
import { describe } from "../tasks/kernel/types.ts";
import { Queue, setStore } from "./queue.ts";
import { Heap } from "./store/heap.ts";
import { compare as naturally } from "./store/natural_order.ts";

/** How a {@linkcode PriorityQueue} is made. */
export interface PriorityQueueOptions<T> {
  /**
   * Less than 0 where `a` comes first, more than 0 where `b` does, and else 0.
   */
  compare?: ((a: T, b: T) => number) | undefined;
}

/**
 * A {@linkcode Queue} that gives the smallest item; equals in order of arrival.
 * Mirrors `asyncio.PriorityQueue`.
 *
 * Unless it is given a `compare`, it knows the order of numbers, bigints,
 * strings, dates, and of arrays of those item by item, a prefix before what it
 * is a prefix of. What it does not know is equal, so `[priority, payload]` is
 * ordered by the priority, and then by arrival. An item must not change its
 * place in the order while it is in the queue.
 *
 * A `compare` that throws fails the `put` or `get` that called it, and nothing
 * has changed.
 *
 * @example
 * ```ts
 * import { PriorityQueue } from "@asyncio/asyncio/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new PriorityQueue<[number, string]>();
 * await queue.put([2, "sleep"]);
 * await queue.put([1, "eat"]);
 * assertEquals(await queue.get(), [1, "eat"]);
 * ```
 *
 * @example An order of one's own
 * ```ts
 * import { PriorityQueue } from "@asyncio/asyncio/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const longestFirst = new PriorityQueue<string>(0, {
 *   compare: (a, b) => b.length - a.length,
 * });
 * for (const word of ["be", "not", "to"]) await longestFirst.put(word);
 * longestFirst.shutdown();
 * assertEquals(await Array.fromAsync(longestFirst), ["not", "be", "to"]);
 * ```
 */
export class PriorityQueue<T> extends Queue<T> {
  /**
   * Makes an empty queue.
   *
   * @param maxSize How many items it holds at most; 0 or less for no bound.
   * @param options The order.
   * @throws {RangeError} `maxSize` is `NaN`.
   * @throws {TypeError} `compare` is no function.
   */
  constructor(maxSize = 0, options: PriorityQueueOptions<T> = {}) {
    super(maxSize);
    const { compare = naturally } = options;
    if (typeof compare !== "function") {
      throw new TypeError(
        `compare is a function of two items, found ${describe(compare)}`,
      );
    }
    setStore(this, new Heap<T>(compare));
  }
}
