/** @module */
import {
  describe,
  isThenable,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { Channel, type Overflow } from "./_channel.ts";
import {
  QueueFullError,
  shutDownPutError,
  thenableItemError,
} from "./errors.ts";
import { QueueIterator } from "./_iterator.ts";
import type { Items } from "./store/items.ts";
import { Ring } from "./store/ring.ts";
import { readableOf, writableOf } from "./_web_streams.ts";

/** Sets where a new queue keeps its items: for queues with another order. */
export let setStore: <T>(queue: Queue<T>, items: Items<T>) => void;

/**
 * First in, first out, from producers to consumers. Mirrors `asyncio.Queue`.
 *
 * - Items leave in the order in which they came; calls that wait to get, or to
 *   put, are served in the order in which they came.
 * - An item that is put goes directly to the first `get` that waits. A `get` that
 *   makes room lets the item of the first waiting `put` in. Both happen at once,
 *   so no other call can come in between.
 * - If a call is given up, no item is lost or doubled: a `get` has taken none, and
 *   the item of a `put` is not put.
 * - With a `maxSize`, `put` waits while the queue is full, so a fast producer goes
 *   no faster than its consumers.
 * - With `overflow`, a full queue drops items instead: the oldest ones, if the
 *   latest matter, or the newest ones, to shed load.
 * - `join` waits until every item that was put has been reported as done.
 *
 * @typeParam T The items. One with a `then`, such as a promise, is refused, as
 * `await queue.get()` would wait for it.
 *
 * @example Workers
 * ```ts
 * import { Queue } from "@asyncio/asyncio/queue";
 * import { createTask } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const queue = new Queue<number>(2);
 * let sum = 0;
 *
 * async function work() {
 *   for await (const item of queue) {
 *     sum += item;
 *     queue.taskDone();
 *   }
 * }
 * const workers = [createTask(work), createTask(work)];
 * for (let i = 1; i <= 10; i++) await queue.put(i);
 * await queue.join();
 * queue.shutdown(); // ends the loops
 * for (const worker of workers) await worker;
 * assertEquals(sum, 55);
 * ```
 *
 * @example The last three readings, however slow the reader is
 * ```ts
 * import { Queue } from "@asyncio/asyncio/queue";
 * import { assertEquals } from "@std/assert";
 *
 * const dropped: number[] = [];
 * const readings = new Queue<number>({
 *   maxSize: 3,
 *   overflow: "dropOldest",
 *   onDrop: (reading) => dropped.push(reading),
 * });
 * for (let i = 1; i <= 5; i++) await readings.put(i); // never waits
 * readings.shutdown();
 * assertEquals(await Array.fromAsync(readings), [3, 4, 5]);
 * assertEquals(dropped, [1, 2]);
 * ```
 */
export class Queue<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #channel: Channel<T>;
  #readable: ReadableStream<T> | undefined = undefined;
  #writable: WritableStream<T> | undefined = undefined;

  /**
   * Makes an empty queue.
   *
   * @param options How many items it holds at most (0 or less for no bound), or an
   * object that also decides what happens if there is no room.
   * @throws {RangeError} `maxSize` is `NaN`.
   * @throws {TypeError} An option has a value that it cannot have.
   */
  constructor(
    options?: number | {
      /** How many items it holds at most; 0 or less, the default, for no bound. */
      maxSize?: number | undefined;
      /**
       * What `put` does if there is no room: `"wait"`, the default; drop the item
       * that would leave next (`"dropOldest"`); or drop the item that is put
       * (`"dropNewest"`). A dropped item counts as done.
       */
      overflow?: "wait" | "dropOldest" | "dropNewest" | undefined;
      /**
       * Called with each item that is dropped, also by an immediate shutdown. What
       * it throws, or rejects with, is reported to the loop's exception handler.
       */
      onDrop?: ((item: T) => void) | undefined;
    },
  ) {
    const { maxSize, overflow, onDrop } = optionsOf(options);
    this.#channel = new Channel(maxSize, new Ring<T>());
    this.#channel.overflow = overflow;
    this.#channel.onDrop = onDrop;
  }

  /** How many items are in the queue. Mirrors `asyncio.Queue.qsize`. */
  get size(): number {
    return this.#channel.items.size;
  }

  /**
   * How many items the queue holds at most; 0 or less for no bound. Mirrors
   * `asyncio.Queue.maxsize`.
   */
  get maxSize(): number {
    return this.#channel.maxSize;
  }

  /** Whether the queue is empty. Mirrors `asyncio.Queue.empty`. */
  get empty(): boolean {
    return this.#channel.items.size === 0;
  }

  /**
   * Whether the queue is full; `false` if it has no bound. Mirrors
   * `asyncio.Queue.full`.
   */
  get full(): boolean {
    return this.#channel.full;
  }

  /** Whether the queue was shut down, so that nothing more can be put. */
  get isShutdown(): boolean {
    return this.#channel.isShutdown;
  }

  /**
   * Puts `item` in, and waits while the queue is full. Mirrors
   * `asyncio.Queue.put`.
   *
   * **Cancel safety:** given up, it puts nothing. Once the item is in, a later
   * cancel is delivered at the next wait.
   *
   * @throws {TypeError} `item` has a `then`.
   * @throws {QueueShutDownError} The queue is shut down, or is while this
   * waits; the error has the item.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    if (isThenable(item)) return Promise.reject(thenableItemError());
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#channel.put(item, options);
  }

  /**
   * Puts `item` in, now or not at all. Mirrors `asyncio.Queue.put_nowait`.
   *
   * @throws {TypeError} `item` has a `then`.
   * @throws {QueueShutDownError} The queue is shut down; the error has the
   * item.
   * @throws {QueueFullError} There is no room.
   */
  putNowait(item: T): void {
    if (isThenable(item)) throw thenableItemError();
    const channel = this.#channel;
    if (channel.isShutdown) throw shutDownPutError(item);
    if (channel.full && channel.overflow === "wait") {
      throw new QueueFullError(
        `Cannot put: the queue holds ${this.size} items already`,
      );
    }
    channel.putNow(item);
  }

  /**
   * Takes the next item out, and waits for one while the queue is empty.
   * Mirrors `asyncio.Queue.get`.
   *
   * **Cancel safety:** given up, it takes no item. Once it has an item, it
   * resolves to that, and a later cancel is delivered at the next wait.
   *
   * @throws {QueueShutDownError} The queue is shut down and empty, or is while
   * this waits.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  get(options?: WaitOptions): Promise<T> {
    return this.#channel.get(options);
  }

  /**
   * Takes the next item out, now or not at all. Mirrors
   * `asyncio.Queue.get_nowait`.
   *
   * @throws {QueueEmptyError} There is none.
   * @throws {QueueShutDownError} There is none, and the queue is shut down.
   *
   * @example
   * ```ts
   * import {
   *   Queue,
   *   QueueEmptyError,
   *   QueueFullError,
   * } from "@asyncio/asyncio/queue";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const queue = new Queue<string>(1);
   * queue.putNowait("a");
   * assertThrows(() => queue.putNowait("b"), QueueFullError);
   * assertEquals(queue.getNowait(), "a");
   * assertThrows(() => queue.getNowait(), QueueEmptyError);
   * ```
   */
  getNowait(): T {
    return this.#channel.getNowait();
  }

  /**
   * Reports that the work on an item is done, for {@linkcode Queue.join}. To be
   * called once for each item that was taken out. Mirrors
   * `asyncio.Queue.task_done`.
   *
   * @throws {RangeError} It was called more often than there were items.
   */
  taskDone(): void {
    const { unfinished } = this.#channel;
    if (unfinished.count === 0) {
      throw new RangeError(
        "Cannot call taskDone(): it was called more often than there were items",
      );
    }
    unfinished.finish(1);
  }

  /**
   * Waits until every item that was put is done. Mirrors `asyncio.Queue.join`.
   *
   * **Cancel safety:** given up, it leaves nothing behind.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  join(options?: WaitOptions): Promise<void> {
    return this.#channel.unfinished.join(options);
  }

  /**
   * Ends the queue: calls of `put` reject from now on, also those that wait, and
   * calls of `get` once the queue is empty. A queue cannot be opened again;
   * calling this again does nothing. Mirrors `asyncio.Queue.shutdown`.
   *
   * @param immediate Whether to drop the items that are in it, and count them
   * as done; also as `{ immediate: true }`.
   *
   * @example
   * ```ts
   * import { Queue, QueueShutDownError } from "@asyncio/asyncio/queue";
   * import { assertEquals, assertRejects } from "@std/assert";
   *
   * const queue = new Queue<string>();
   * await queue.put("last");
   * queue.shutdown();
   * await assertRejects(() => queue.put("late"), QueueShutDownError);
   * assertEquals(await queue.get(), "last");
   * await assertRejects(() => queue.get(), QueueShutDownError);
   * ```
   */
  shutdown(
    immediate?: boolean | { immediate?: boolean | undefined },
  ): void {
    const drops = typeof immediate === "object" && immediate !== null
      ? immediate.immediate
      : immediate;
    if (drops !== undefined && typeof drops !== "boolean") {
      throw new TypeError(
        `Cannot shut down: immediate is true or false, received ${
          describe(drops)
        }`,
      );
    }
    this.#channel.shutdown(drops ?? false);
  }

  /**
   * Takes out the items that `predicate` picks, and returns them in the order in
   * which they would have left. They count as done, and calls that wait to put an
   * item go on.
   *
   * @param predicate Called with each item; if it throws, nothing changes.
   * @throws {TypeError} `predicate` returns a promise.
   * @throws {Error} `predicate` has changed the queue.
   *
   * @example Give an item another priority
   * ```ts
   * import { PriorityQueue } from "@asyncio/asyncio/queue";
   * import { assertEquals } from "@std/assert";
   *
   * const queue = new PriorityQueue<[number, string]>();
   * await queue.put([1, "wash up"]);
   * await queue.put([5, "doctor"]);
   * for (const [, what] of queue.remove(([, what]) => what === "doctor")) {
   *   await queue.put([0, what]);
   * }
   * assertEquals(await queue.get(), [0, "doctor"]);
   * ```
   */
  remove(predicate: (item: T) => boolean): T[] {
    return this.#channel.remove(predicate);
  }

  /**
   * Takes items out until the queue is shut down and empty. It does not call
   * `taskDone`.
   *
   * **Cancel safety:** each `next()` is a wait like {@linkcode Queue.get}.
   * `return()`, which ends the iteration, also ends a `next()` that waits.
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return new QueueIterator(this.#channel);
  }

  /**
   * The items as a Web Stream, the same one every time, with the queue's own
   * backpressure: an item is taken out when it is read. The stream ends when the
   * queue is shut down and empty. Cancelling it leaves the queue open.
   *
   * There is one exception, as a stream is not told of its readers. If a reader
   * was released while its read waited, and the next reader does not read yet,
   * the stream takes one item out. The first read returns that; it is lost if the
   * stream is cancelled before.
   *
   * **Cancel safety:** its reads are waits of no task: they end with the stream
   * or the queue.
   *
   * @example
   * ```ts
   * import { Queue } from "@asyncio/asyncio/queue";
   * import { assertEquals } from "@std/assert";
   *
   * const queue = new Queue<string>();
   * for (const word of ["to", "be"]) await queue.put(word);
   * queue.shutdown();
   * const bytes = queue.readable.pipeThrough(new TextEncoderStream());
   * assertEquals(await new Response(bytes).text(), "tobe");
   * ```
   */
  get readable(): ReadableStream<T> {
    return this.#readable ??= readableOf(this.#channel);
  }

  /**
   * A Web Stream into the queue, the same one every time, with the queue's own
   * backpressure: a write resolves when its item is in the queue. Closing or
   * aborting the stream shuts the queue down. Aborting also gives up a write that
   * waits for room.
   *
   * **Cancel safety:** its writes are waits of no task: they end with the
   * stream or the queue.
   *
   * @example
   * ```ts
   * import { Queue } from "@asyncio/asyncio/queue";
   * import { assertEquals } from "@std/assert";
   *
   * const queue = new Queue<number>(1);
   * const piped = ReadableStream.from([1, 2, 3]).pipeTo(queue.writable);
   * assertEquals(await Array.fromAsync(queue), [1, 2, 3]);
   * await piped;
   * ```
   */
  get writable(): WritableStream<T> {
    return this.#writable ??= writableOf(this);
  }

  /** Shuts the queue down, and drops its items: `shutdown(true)`. */
  // deno-lint-ignore require-await -- to be awaited by `await using`
  async [Symbol.asyncDispose](): Promise<void> {
    this.shutdown(true);
  }

  static {
    setStore = (queue, items) => queue.#channel.items = items;
    printable(Queue, (queue) => ({
      size: queue.size,
      maxSize: queue.maxSize,
      getters: queue.#channel.getters.size,
      putters: queue.#channel.putters.size,
      joiners: queue.#channel.unfinished.waiting || undefined,
      isShutdown: queue.isShutdown || undefined,
    }));
  }
}

interface QueueOptions<T> {
  maxSize: number;
  overflow: Overflow;
  onDrop: ((item: T) => void) | undefined;
}

const OVERFLOWS: readonly unknown[] = ["wait", "dropOldest", "dropNewest"];

function optionsOf<T>(
  options:
    | number
    | { [K in keyof QueueOptions<T>]?: QueueOptions<T>[K] | undefined } = 0,
): QueueOptions<T> {
  if (typeof options !== "object" || options === null) {
    return { maxSize: options, overflow: "wait", onDrop: undefined };
  }
  const { maxSize = 0, overflow = "wait", onDrop } = options;
  if (!OVERFLOWS.includes(overflow)) {
    throw new TypeError(
      `Cannot make a Queue: overflow is "wait", "dropOldest" or "dropNewest", received ${
        describe(overflow)
      }`,
    );
  }
  if (onDrop !== undefined && typeof onDrop !== "function") {
    throw new TypeError(
      `Cannot make a Queue: onDrop is a function of an item, received ${
        describe(onDrop)
      }`,
    );
  }
  return { maxSize, overflow, onDrop };
}
