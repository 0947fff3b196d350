/** @module */
import {
  checkOptions,
  describe,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import { Queue, setStore } from "./queue.ts";
import { Heap } from "./store/heap.ts";
import { KeyedHeap } from "./store/keyed_heap.ts";
import {
  checkOrdered,
  compare as naturally,
  NaturalOrder,
} from "./store/natural_order.ts";

/** The options of a {@linkcode PriorityQueue}. */
export interface PriorityQueueOptions<T> {
  /**
   * Returns less than 0 if `a` comes first, more than 0 if `b` does, or else 0.
   */
  compare?: ((a: T, b: T) => number) | undefined;
}

/**
 * A {@linkcode Queue} from which the smallest item leaves first, and equal ones in
 * order of arrival. Mirrors `asyncio.PriorityQueue`.
 *
 * Without `compare`, the order is that of numbers, bigints, strings and dates, and
 * of arrays of these: item by item, and if one array is the beginning of the
 * other, the shorter one first. All other values are equal, so `[priority,
 * payload]` is ordered by the priority, and then by arrival. An item must not
 * change its place in the order while it is in the queue. `NaN` and invalid dates
 * have no place in the order and are refused.
 *
 * If `compare` throws, the `put` or `get` that called it rejects with that error,
 * and nothing has changed.
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
  readonly #isNatural: boolean;

  /**
   * Makes an empty queue.
   *
   * @param maxSize How many items it holds at most; 0 or less for no bound.
   * @param options The order.
   * @throws {RangeError} `maxSize` is `NaN`.
   * @throws {TypeError} `maxSize` is no number, or `compare` no function.
   */
  constructor(maxSize?: number, options?: PriorityQueueOptions<T>) {
    super({ maxSize });
    checkOptions(options, "make a PriorityQueue");
    const { compare = naturally } = options ?? {};
    if (typeof compare !== "function") {
      throw new TypeError(
        `Cannot make a PriorityQueue: compare is a function of two items, received ${
          describe(compare)
        }`,
      );
    }
    const isNatural = compare === naturally;
    this.#isNatural = isNatural;
    setStore(
      this,
      isNatural ? new KeyedHeap<T>(new NaturalOrder()) : new Heap<T>(compare),
    );
  }

  /**
   * Puts `item` in, and waits while the queue is full. Mirrors
   * `asyncio.PriorityQueue.put`.
   *
   * **Cancel safety:** as of {@linkcode Queue.put}.
   *
   * @throws {TypeError} `item` has a `then`, or no place in the natural order:
   * it is `NaN` or an invalid date, or a list with one.
   * @throws {QueueShutDownError} The queue is shut down, or is while this
   * waits; the error has the item.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  override put(item: T, options?: WaitOptions): Promise<void> {
    try {
      this.#check(item);
    } catch (error) {
      return Promise.reject(error);
    }
    return super.put(item, options);
  }

  /**
   * Puts `item` in, now or not at all. Mirrors
   * `asyncio.PriorityQueue.put_nowait`.
   *
   * @throws {TypeError} `item` has a `then`, or no place in the natural order:
   * it is `NaN` or an invalid date, or a list with one.
   * @throws {QueueShutDownError} The queue is shut down; the error has the
   * item.
   * @throws {QueueFullError} There is no room.
   */
  override putNowait(item: T): void {
    this.#check(item);
    super.putNowait(item);
  }

  #check(item: T): void {
    if (this.#isNatural) checkOrdered(item);
  }
}
