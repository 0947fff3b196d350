/** The kinds of sources, as one. @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import { describe, isThenable } from "../../tasks/kernel/types.ts";

/** What operators read: what `for await` reads. */
export type Input<T> = AsyncIterable<T> | Iterable<T | PromiseLike<T>>;

/** A source that is being read. */
export interface Puller<T> {
  /** Whether `return` waits for the `next` under way, and so may never end. */
  readonly queues: boolean;
  next(): IteratorResult<T> | PromiseLike<IteratorResult<T>>;
  /** Closes the source. */
  return(): unknown;
}

/**
 * Returns what begins to read `input`, without touching it yet.
 *
 * @throws {TypeError} `input` is not a source, or a stream that is locked.
 */
export function openerOf<T>(input: Input<T>): () => Puller<T> {
  if (input instanceof ReadableStream) {
    if (!input.locked) return () => new StreamPuller<T>(input);
    throw new TypeError(
      "Cannot read a source: the stream is locked to another reader",
    );
  }
  const source = input as Partial<AsyncIterable<T> & Iterable<T>> | undefined;
  if (typeof source?.[Symbol.asyncIterator] === "function") {
    return () => new AsyncPuller(source[Symbol.asyncIterator]!());
  }
  if (typeof source?.[Symbol.iterator] === "function") {
    return () => new SyncPuller<T>(source[Symbol.iterator]!());
  }
  throw new TypeError(
    `Cannot read a source: expected an iterable, an async iterable or a ReadableStream, received ${
      describe(input)
    }`,
  );
}

const AsyncGenerator = Object.getPrototypeOf(async function* () {}).prototype;

class AsyncPuller<T> implements Puller<T> {
  readonly queues: boolean;
  readonly #iterator: AsyncIterator<T>;

  constructor(iterator: AsyncIterator<T>) {
    this.queues = Object.prototype.isPrototypeOf.call(AsyncGenerator, iterator);
    this.#iterator = iterator;
  }

  next(): PromiseLike<IteratorResult<T>> {
    return this.#iterator.next();
  }

  return(): unknown {
    return this.#iterator.return?.();
  }
}

/** Whether `await` waits for `value`, or throws because its `then` does. */
function mayBeThenable<T>(value: T | PromiseLike<T>): value is PromiseLike<T> {
  try {
    return isThenable(value);
  } catch {
    return true;
  }
}

/** Waits for promises among the items, as `for await` does. */
class SyncPuller<T> implements Puller<T> {
  readonly queues = false;
  readonly #iterator: Iterator<T | PromiseLike<T>>;

  constructor(iterator: Iterator<T | PromiseLike<T>>) {
    this.#iterator = iterator;
  }

  next(): IteratorResult<T> | PromiseLike<IteratorResult<T>> {
    const result = this.#iterator.next();
    if (result.done || !mayBeThenable(result.value)) {
      return result as IteratorResult<T>;
    }
    return this.#settled(result.value);
  }

  async #settled(promise: PromiseLike<T>): Promise<IteratorResult<T>> {
    try {
      return { done: false, value: await promise };
    } catch (error) {
      try {
        this.return();
      } catch {
        // The first error counts.
      }
      throw error;
    }
  }

  return(): unknown {
    return this.#iterator.return?.();
  }
}

/**
 * By a reader, as the stream's own iterator would let `return` wait for the
 * read under way. The callbacks of a stream belong to no task.
 */
class StreamPuller<T> implements Puller<T> {
  readonly queues = false;
  readonly #reader: ReadableStreamDefaultReader<T>;
  #isReleased = false;

  constructor(stream: ReadableStream<T>) {
    this.#reader = stream.getReader();
    this.#reader.closed.catch(() => {}); // the next read rejects with it
  }

  async next(): Promise<IteratorResult<T>> {
    try {
      const result = await detached(() => this.#reader.read());
      if (result.done) this.#release();
      return result as IteratorResult<T>;
    } catch (error) {
      this.#release();
      throw error;
    }
  }

  async return(): Promise<void> {
    if (this.#isReleased) return;
    try {
      await this.#reader.cancel();
    } finally {
      this.#release();
    }
  }

  #release(): void {
    this.#isReleased = true;
    this.#reader.releaseLock();
  }
}
