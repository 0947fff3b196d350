/** @module */
import { printable } from "../tasks/inspect.ts";
import { Line } from "../tasks/line.ts";
import { describe, isThenable, type WaitOptions } from "../tasks/types.ts";
import { passed, refused } from "../tasks/waiter.ts";
import {
  QueueEmptyError,
  QueueFullError,
  QueueShutDownError,
} from "./errors.ts";
import { Getter } from "./_getter.ts";
import type { Items } from "./_items.ts";
import { QueueIterator } from "./_iterator.ts";
import { Putter } from "./_putter.ts";
import { readableOf } from "./_readable.ts";
import { Ring } from "./_ring.ts";
import { writableOf } from "./_writable.ts";

/** Makes a new queue keep its items in `items`: for the queues with another order. */
export let keepIn: <T>(queue: Queue<T>, items: Items<T>) => void;

/**
 * First in, first out, from those who put to those who get. Mirrors `asyncio.Queue`.
 *
 * - Items leave in the order in which they came; those who wait to get, or to put, are served in the order in which
 *   they came.
 * - Handed over directly: what is put next goes to the first that waits to get, without passing through the queue; and who makes
 *   room lets the item of the first that waits to put in, at once. Nobody can come in between.
 * - Nothing is lost or doubled by giving up: an item that was handed over is had, one that could not be put was not put.
 * - With a `maxSize`, `put` waits while the queue is full, so that a fast producer goes no faster than its consumers.
 * - `join` waits until every item that was put has been reported as done.
 *
 * @typeParam T The items. One with a `then`, such as a promise, is refused, as `await queue.get()` would wait for it.
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
 */
export class Queue<T> implements AsyncIterable<T>, AsyncDisposable {
  readonly #maxSize: number;
  #items: Items<T> = new Ring<T>();
  readonly #getters = new Line<unknown, Getter<T>>("Queue.get");
  readonly #putters = new Line<void, Putter<T>>("Queue.put");
  readonly #joiners = new Line<void>("Queue.join");
  #unfinished = 0;
  #isShutdown = false;
  #readable: ReadableStream<T> | undefined = undefined;
  #writable: WritableStream<T> | undefined = undefined;

  /**
   * @param maxSize How many items it holds at most; 0 or less for no bound.
   * @throws {RangeError} `maxSize` is `NaN`.
   * @throws {TypeError} `maxSize` is no number.
   */
  constructor(maxSize = 0) {
    if (typeof maxSize !== "number") {
      throw new TypeError(
        `the size of a queue is a number of items, found ${describe(maxSize)}`,
      );
    }
    if (Number.isNaN(maxSize)) {
      throw new RangeError(
        "the size of a queue is a number of items, found NaN",
      );
    }
    this.#maxSize = maxSize;
  }

  /** How many items are in it. Mirrors `asyncio.Queue.qsize`. */
  get size(): number {
    return this.#items.size;
  }

  /** How many items it holds at most; 0 or less for no bound. */
  get maxSize(): number {
    return this.#maxSize;
  }

  /** Whether there is nothing in it. */
  get empty(): boolean {
    return this.#items.size === 0;
  }

  /** Whether there is no room in it; never where it has no bound. */
  get full(): boolean {
    return this.#maxSize > 0 && this.#items.size >= this.#maxSize;
  }

  /** Whether it was shut down: it takes nothing any more. */
  get isShutdown(): boolean {
    return this.#isShutdown;
  }

  /**
   * Puts `item` in, and waits for that while the queue is full. Mirrors `asyncio.Queue.put`.
   *
   * **Cancel safety:** given up, the item was not put, and will not be. Once it was let in it is in, and a cancel that comes
   * after that strikes at the next wait.
   *
   * @throws {TypeError} `item` has a `then`.
   * @throws {QueueShutDownError} The queue is shut down, or is while this waits; the error has the item.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  put(item: T, options?: WaitOptions): Promise<void> {
    if (isThenable(item)) return Promise.reject(thenable());
    const refusal = refused(options);
    if (refusal !== undefined) return refusal;
    if (this.#isShutdown) return Promise.reject(noPut(item));
    if (this.full) {
      return this.#putters.join(new Putter(this.#putters, item, options));
    }
    try {
      this.#accept(item);
    } catch (error) {
      return Promise.reject(error);
    }
    return passed(undefined);
  }

  /**
   * Puts `item` in, now or not at all. Mirrors `asyncio.Queue.put_nowait`.
   *
   * @throws {TypeError} `item` has a `then`.
   * @throws {QueueShutDownError} The queue is shut down; the error has the item.
   * @throws {QueueFullError} There is no room.
   *
   * @example
   * ```ts
   * import { Queue, QueueFullError } from "@asyncio/asyncio/queue";
   * import { assertThrows } from "@std/assert";
   *
   * const queue = new Queue<string>(1);
   * queue.putNowait("a");
   * assertThrows(() => queue.putNowait("b"), QueueFullError);
   * ```
   */
  putNowait(item: T): void {
    if (isThenable(item)) throw thenable();
    if (this.#isShutdown) throw noPut(item);
    if (this.full) {
      throw new QueueFullError(`the queue holds ${this.size} items already`);
    }
    this.#accept(item);
  }

  /**
   * Takes the next item out, and waits for one while the queue is empty. Mirrors `asyncio.Queue.get`.
   *
   * **Cancel safety:** given up, it takes no item. Once an item was handed over, this gives it, and a cancel that comes after
   * that strikes at the next wait.
   *
   * @throws {QueueShutDownError} The queue is shut down and empty, or is while this waits.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  get(options?: WaitOptions): Promise<T> {
    const refusal = refused(options);
    if (refusal !== undefined) return refusal;
    if (this.#items.size === 0) {
      if (this.#isShutdown) return Promise.reject(noGet());
      const getter = new Getter<T>(this.#getters, options);
      return this.#getters.join(getter) as Promise<T>;
    }
    try {
      return passed(this.#take());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /**
   * Takes the next item out, now or not at all. Mirrors `asyncio.Queue.get_nowait`.
   *
   * @throws {QueueEmptyError} There is none.
   * @throws {QueueShutDownError} There is none, and the queue is shut down.
   *
   * @example
   * ```ts
   * import { Queue, QueueEmptyError } from "@asyncio/asyncio/queue";
   * import { assertEquals, assertThrows } from "@std/assert";
   *
   * const queue = new Queue<string>();
   * queue.putNowait("a");
   * assertEquals(queue.getNowait(), "a");
   * assertThrows(() => queue.getNowait(), QueueEmptyError);
   * ```
   */
  getNowait(): T {
    if (this.#items.size === 0) {
      throw this.#isShutdown
        ? noGet()
        : new QueueEmptyError("the queue is empty");
    }
    return this.#take();
  }

  /**
   * Reports that the work on an item that was taken out is done: once for each item, for {@linkcode Queue.join}. Mirrors
   * `asyncio.Queue.task_done`.
   *
   * @throws {RangeError} It was called more often than there were items.
   */
  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new RangeError(
        "taskDone() called more often than there were items",
      );
    }
    this.#finish(1);
  }

  /**
   * Waits until every item that was put is done. Mirrors `asyncio.Queue.join`.
   *
   * **Cancel safety:** given up, it leaves nothing behind.
   *
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   *
   * @example
   * ```ts
   * import { Queue } from "@asyncio/asyncio/queue";
   * import { createTask } from "@asyncio/asyncio/tasks";
   *
   * const queue = new Queue<string>();
   * queue.putNowait("a");
   * createTask(async () => {
   *   await queue.get();
   *   queue.taskDone();
   * });
   * await queue.join();
   * ```
   */
  join(options?: WaitOptions): Promise<void> {
    const refusal = refused(options);
    if (refusal !== undefined) return refusal;
    return this.#unfinished === 0
      ? passed(undefined)
      : this.#joiners.wait(options);
  }

  /**
   * Ends the queue: `put` throws from now on, also those that wait, and `get` does once the queue is empty. There is no way back;
   * calling it again is harmless. Mirrors `asyncio.Queue.shutdown`.
   *
   * @param immediate Whether to drop the items that are in it, and count them as done.
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
  shutdown(immediate = false): void {
    this.#isShutdown = true;
    if (immediate) {
      const dropped = this.#items.size;
      this.#items.clear();
      this.#finish(dropped);
    }
    let putter: Putter<T> | undefined;
    while ((putter = this.#putters.first) !== undefined) {
      putter.fail(noPut(putter.item));
    }
    if (this.#getters.size === 0) return;
    const error = noGet();
    let getter: Getter<T> | undefined;
    while ((getter = this.#getters.first) !== undefined) getter.end(error);
  }

  /**
   * Takes items out until the queue is shut down and empty. It does not call `taskDone`.
   *
   * **Cancel safety:** each `next()` is a wait like {@linkcode Queue.get}. `return()`, which ends the iteration, also ends a `next()` that
   * waits.
   */
  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return new QueueIterator(this, this.#getters);
  }

  /**
   * The items as a Web Stream, the same one every time, with the queue's own backpressure: the stream holds none, an item
   * is taken out when it is read. It ends when the queue is shut down and empty. Cancelling it leaves the queue open.
   *
   * **Cancel safety:** its reads are waits of no task: they end with the stream or the queue.
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
    return this.#readable ??= readableOf(this, this.#getters);
  }

  /**
   * A Web Stream into the queue, the same one every time, with the queue's own backpressure: a write is over when its item is in.
   * Closing it shuts the queue down, and so does aborting it, which also gives up a write that waits for room.
   *
   * **Cancel safety:** its writes are waits of no task: they end with the stream or the queue.
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

  /** Shuts the queue down, and drops what is in it: `shutdown(true)`. */
  // deno-lint-ignore require-await -- to be awaited by `await using`
  async [Symbol.asyncDispose](): Promise<void> {
    this.shutdown(true);
  }

  /** There is room. */
  #accept(item: T): void {
    const direct = this.#getters.size > 0;
    if (!direct) this.#items.add(item); // may throw: nothing has changed yet
    this.#unfinished++;
    if (direct) this.#handOver(item);
  }

  /** Last in whatever calls it, as a getter that is a stream runs foreign code. */
  #handOver(item: T): void {
    let getter: Getter<T> | undefined;
    while ((getter = this.#getters.first) !== undefined) {
      if (getter.take(item)) return;
    }
    this.#items.add(item);
  }

  /** There is an item. */
  #take(): T {
    const item = this.#items.take();
    if (this.#putters.size > 0) this.#letIn();
    return item;
  }

  /** Lets the items of those in who wait with one, in order, as far as there is room. */
  #letIn(): void {
    let putter: Putter<T> | undefined;
    while (!this.full && (putter = this.#putters.first) !== undefined) {
      try {
        this.#items.add(putter.item);
      } catch (error) {
        putter.fail(error);
        continue;
      }
      this.#unfinished++;
      putter.wake();
    }
  }

  #finish(count: number): void {
    this.#unfinished -= count;
    if (this.#unfinished === 0) this.#joiners.wakeAll();
  }

  static {
    keepIn = (queue, items) => queue.#items = items;
    printable(Queue, (queue) => ({
      size: queue.size,
      maxSize: queue.maxSize,
      getters: queue.#getters.size,
      putters: queue.#putters.size,
      isShutdown: queue.#isShutdown || undefined,
    }));
  }
}

function thenable(): TypeError {
  return new TypeError(
    "an item of a queue has no `then`, as `await queue.get()` would wait for it: put it into an object, as in put({ promise })",
  );
}

function noPut(item: unknown): QueueShutDownError {
  return new QueueShutDownError("put into a queue that is shut down", { item });
}

function noGet(): QueueShutDownError {
  return new QueueShutDownError("get from a queue that is shut down and empty");
}
