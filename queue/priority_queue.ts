/** @module */
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";
import { Queue, setStore } from "./queue.ts";
import { Heap } from "./store/heap.ts";
import { KeyedHeap } from "./store/keyed_heap.ts";
import {
  checkOrdered,
  compare as naturally,
  NaturalOrder,
} from "./store/natural_order.ts";

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
 * place in the order while it is in the queue. `NaN` and an invalid date have no
 * place in it and are refused.
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
   * Puts `item` in, and waits for that while the queue is full. Mirrors
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
