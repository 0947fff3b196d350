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

  get size(): number {
    return this.#items.size;
  }

  get maxSize(): number {
    return this.#maxSize;
  }

  get empty(): boolean {
    return this.#items.size === 0;
  }

  get full(): boolean {
    return this.#maxSize > 0 && this.#items.size >= this.#maxSize;
  }

  get isShutdown(): boolean {
    return this.#isShutdown;
  }

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

  putNowait(item: T): void {
    if (isThenable(item)) throw thenable();
    if (this.#isShutdown) throw noPut(item);
    if (this.full) {
      throw new QueueFullError(`the queue holds ${this.size} items already`);
    }
    this.#accept(item);
  }

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

  getNowait(): T {
    if (this.#items.size === 0) {
      throw this.#isShutdown
        ? noGet()
        : new QueueEmptyError("the queue is empty");
    }
    return this.#take();
  }

  taskDone(): void {
    if (this.#unfinished === 0) {
      throw new RangeError(
        "taskDone() called more often than there were items",
      );
    }
    this.#finish(1);
  }

  join(options?: WaitOptions): Promise<void> {
    const refusal = refused(options);
    if (refusal !== undefined) return refusal;
    return this.#unfinished === 0
      ? passed(undefined)
      : this.#joiners.wait(options);
  }

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

  [Symbol.asyncIterator](): AsyncIterator<T, undefined> {
    return new QueueIterator(this, this.#getters);
  }

  get readable(): ReadableStream<T> {
    return this.#readable ??= readableOf(this, this.#getters);
  }

  get writable(): WritableStream<T> {
    return this.#writable ??= writableOf(this);
  }

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
