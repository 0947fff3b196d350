/** @module */
import { checkAwaitable, ensureFuture } from "./ensure_future.ts";
import { completionOf, type Future } from "./future.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import {
  type Awaitable,
  checkList,
  checkMilliseconds,
} from "./kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  settleAs,
} from "./kernel/wait/checkpoint.ts";
import type { Listener } from "./kernel/wait/completion.ts";
import { WaitQueue } from "./kernel/wait/wait_queue.ts";
import { timeoutAt } from "./timeout.ts";

/**
 * Gives the futures of `awaitables` as they finish. Mirrors
 * `asyncio.as_completed`.
 *
 * - It gives futures, not results: for a task given, that same task. Ask for
 *   `await future`, as one that failed throws there. (TypeScript takes what
 *   `for await` gives for awaited already, and shows the result's type.)
 * - Functions become tasks, started at once; the same awaitable twice is one.
 * - After `timeout` milliseconds, counted from the call, the next one throws
 *   {@linkcode TimeoutError}; nothing is cancelled.
 *
 * **Cancel safety:** a future is given to one `next()`; one that is cancelled
 * takes none.
 *
 * @throws {TypeError} Something is no function, promise or future.
 * @throws {RangeError} `timeout` is `NaN`.
 *
 * @example
 * ```ts
 * import { asCompleted, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const order: string[] = [];
 * const work = [
 *   () => sleep(20, { result: "slow" }),
 *   () => sleep(1, { result: "fast" }),
 * ];
 * for await (const future of asCompleted(work)) order.push(await future);
 * assertEquals(order, ["fast", "slow"]);
 * ```
 */
export function asCompleted<T>(
  awaitables: Iterable<Awaitable<T>>,
  options?: { timeout?: number },
): AsyncIterable<Future<T>>;
/** Gives the futures of awaitables of several kinds as they finish. */
export function asCompleted<A extends Awaitable<unknown>>(
  awaitables: Iterable<A>,
  options?: { timeout?: number },
): AsyncIterable<Future<A extends Awaitable<infer T> ? T : never>>;
export function asCompleted(
  awaitables: Iterable<Awaitable<unknown>>,
  options?: { timeout?: number },
): AsyncIterable<Future<unknown>> {
  checkList(awaitables, "asCompleted");
  const items = new Set(awaitables);
  for (const item of items) checkAwaitable(item);
  const timeout = options?.timeout ?? Infinity;
  checkMilliseconds(timeout, "Cannot wait: the timeout");
  const ofPromises: Future<unknown>[] = [];
  const futures = new Set([...items].map((item) => {
    const future = ensureFuture(item);
    if (typeof item !== "function" && item !== future) ofPromises.push(future);
    return future;
  }));
  const completions = new Completions<unknown>(futures, ofPromises, timeout);
  return { [Symbol.asyncIterator]: () => completions };
}

/**
 * Written by hand: an async generator would await the futures that it yields.
 */
class Completions<T> implements AsyncIterator<Future<T>>, Listener {
  readonly #finished: Future<T>[] = [];
  readonly #waiters = new WaitQueue<IteratorResult<Future<T>, undefined>>(
    "asCompleted",
  );
  readonly awaiter = currentScope().task;
  /** Those that have not finished. */
  readonly #futures: Set<Future<T>>;
  /** Of these, the futures of promises, which nothing else has. */
  readonly #ofPromises: Future<T>[];
  readonly #until: number;
  #left: number;
  #listens = false;

  constructor(
    futures: Set<Future<T>>,
    ofPromises: Future<T>[],
    timeout: number,
  ) {
    this.#futures = futures;
    this.#ofPromises = ofPromises;
    this.#left = futures.size;
    this.#until = currentScope().loop.clock.now() + timeout;
    this.#listen();
  }

  settled({ source }: { source: unknown }): void {
    const future = source as Future<T>;
    this.#futures.delete(future);
    const result = { done: false as const, value: future };
    if (this.#waiters.wake(result)) this.#left--;
    else this.#finished.push(future);
    if (this.#left === 0) {
      this.#waiters.wakeAll({ done: true, value: undefined });
    }
  }

  next(): Promise<IteratorResult<Future<T>, undefined>> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) {
      this.#letGo();
      return rejection;
    }
    this.#listen();
    const future = this.#finished.shift();
    if (future !== undefined) {
      this.#left--;
      return ready({ done: false, value: future });
    }
    if (this.#left === 0) return ready({ done: true, value: undefined });
    return timeoutAt(this.#until, () => this.#wait());
  }

  /** Lets go of the futures, which go on. */
  return(): Promise<IteratorResult<Future<T>, undefined>> {
    this.#letGo();
    return ready({ done: true, value: undefined });
  }

  /** One that is given up may be the last: a loop then calls no `return`. */
  #wait(): Promise<IteratorResult<Future<T>, undefined>> {
    const wait = checkpointIfCancelled() ?? this.#waiters.wait();
    return settleAs(wait, (result) => result, (error) => {
      this.#letGo();
      throw error;
    });
  }

  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    for (const future of this.#futures) completionOf(future).listen(this);
  }

  /** Leaves no trace on the futures, unless other code waits for them. */
  #letGo(): void {
    if (!this.#listens || this.#waiters.size > 0) return;
    this.#listens = false;
    for (const future of this.#futures) completionOf(future).unlisten(this);
    for (const future of this.#ofPromises) future.cancel();
  }
}
