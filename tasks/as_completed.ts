/** @module */
import { OwnerWaiter } from "./_owner_waiter.ts";
import { checkAwaitable, ensureFuture } from "./ensure_future.ts";
import { completionOf, type Future } from "./future.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import { type Awaitable, checkList, timeoutIn } from "./kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  settleAs,
} from "./kernel/wait/checkpoint.ts";
import {
  type Completion,
  handCancelOn,
  type Listener,
} from "./kernel/wait/completion.ts";
import { WaitQueue } from "./kernel/wait/wait_queue.ts";
import { timeoutAt } from "./timeout.ts";

/**
 * Returns an iterable of the futures of `awaitables`, in the order in which
 * they end. Mirrors `asyncio.as_completed`.
 *
 * - Its items are futures, not results; for a task, the same task.
 *   `await future` returns its value, or throws its error. (TypeScript takes
 *   the items of `for await` for awaited, and shows the type of the result.)
 * - Functions become tasks, which start at once. An awaitable that is given
 *   twice counts once.
 * - `timeout` milliseconds after the call, `next()` rejects with
 *   {@linkcode TimeoutError}. Nothing is cancelled.
 *
 * **Cancel safety:** each future goes to one `next()`. A `next()` that is
 * cancelled takes none, and gives up the promises whose ends have not come. If
 * the first of them has come, it resolves, and the cancel is delivered at the next
 * wait.
 *
 * @throws {TypeError} An item is no function, promise or future.
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
/** Returns an iterable of the futures of awaitables of several kinds. */
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
  const timeout = timeoutIn(options, "wait") ?? Infinity;
  const ofPromises: Future<unknown>[] = [];
  const futures = new Set([...items].map((item) => {
    const future = ensureFuture(item);
    if (typeof item !== "function" && item !== future) ofPromises.push(future);
    return future;
  }));
  const completions = new Completions<unknown>(futures, ofPromises, timeout);
  return { [Symbol.asyncIterator]: () => completions };
}

type Next<T> = IteratorResult<Future<T>, undefined>;

/** No async generator: that would await the futures that it yields. */
class Completions<T> implements AsyncIterator<Future<T>>, Listener {
  readonly #finished: Future<T>[] = [];
  readonly #waiters = new WaitQueue<Next<T>, OwnerWaiter<Next<T>>>(
    "asCompleted",
  );
  readonly awaiter = currentScope().task;
  /** The futures that have not ended. */
  readonly #futures: Set<Future<T>>;
  /** Those of the futures that were made for promises. */
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

  settled(completion: Completion<unknown>): void {
    const future = completion.source as Future<T>;
    this.#futures.delete(future);
    const result = { done: false as const, value: future };
    let waiter = this.#waiters.first;
    if (waiter?.hasCancelled(completion)) {
      waiter = waiter.nextInQueue as typeof waiter;
    }
    if (waiter?.wake(result)) this.#left--;
    else this.#finished.push(future);
    if (this.#left === 0) {
      this.#waiters.wakeAll({ done: true, value: undefined });
    }
  }

  next(): Promise<Next<T>> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) {
      this.#stopListening();
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

  /** Stops listening to the futures, which go on. */
  return(): Promise<Next<T>> {
    this.#stopListening();
    return ready({ done: true, value: undefined });
  }

  /**
   * A wait that rejects may be the last one: a loop does not call `return`
   * then.
   */
  #wait(): Promise<Next<T>> {
    const wait = checkpointIfCancelled() ??
      this.#waiters.add(new OwnerWaiter(() => this.#owned));
    return settleAs(wait, (result) => result, (error) => {
      this.#stopListening();
      throw error;
    });
  }

  /** What is given up with a wait, unless another one goes on. */
  get #owned(): Future<T>[] {
    return this.#waiters.size > 1 ? [] : this.#ofPromises;
  }

  #listen(): void {
    if (this.#listens) return;
    this.#listens = true;
    for (const future of this.#futures) completionOf(future).listen(this);
  }

  /** Stops listening to the futures, unless another `next()` waits. */
  #stopListening(): void {
    if (!this.#listens || this.#waiters.size > 0) return;
    this.#listens = false;
    for (const future of this.#futures) completionOf(future).unlisten(this);
    for (const future of this.#ofPromises) handCancelOn(future, undefined);
  }
}
