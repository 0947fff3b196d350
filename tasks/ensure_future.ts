/** @module */
import { createTask } from "./create_task.ts";
import { completionOf, Future } from "./future.ts";
import type { HandedWait } from "./kernel/cancel/scoped_wait.ts";
import { currentScope, scopeOfCaller } from "./kernel/context/current_scope.ts";
import { cancellation, cancelOf } from "./kernel/errors.ts";
import { type Awaitable, describe, isThenable } from "./kernel/types.ts";
import type { Listener } from "./kernel/wait/completion.ts";
import {
  isReady,
  lastReady,
  noteReady,
  renewRefusal,
} from "./kernel/wait/checkpoint.ts";
import { waitBehind } from "./kernel/wait/handed_wait.ts";
import {
  subscribe,
  type Subscriber,
  unsubscribe,
} from "./promise_subscription.ts";

const settled = Promise.resolve();

/**
 * Returns a future of anything that can be awaited. A future or task is
 * returned as it is, a function becomes a task, and a promise gets a future
 * that settles as the promise does. Mirrors `asyncio.ensure_future`.
 *
 * Cancelling the future of a promise ends the wait behind it, if it is a wait
 * of this package that the current task has begun: `ensureFuture(queue.get())`.
 * Any other promise cannot be cancelled: its end is ignored then.
 *
 * **Cancel safety:** what a wait has got is in its future. If the code that awaits
 * the future is cancelled first, the future still has it: keep the future, or
 * await the wait itself.
 *
 * @throws {TypeError} `awaitable` is none of these.
 *
 * @example
 * ```ts
 * import { ensureFuture } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const future = ensureFuture(Promise.resolve(1));
 * assertEquals(await future, 1);
 * assertEquals(future.done, true);
 * ```
 */
export function ensureFuture<T>(awaitable: Awaitable<T>): Future<T> {
  checkAwaitable(awaitable);
  if (awaitable instanceof Future) return awaitable;
  if (!isThenable(awaitable)) return createTask(awaitable);
  const future = new PromiseFuture<T>(awaitable, waitBehind(awaitable));
  if (isReady(awaitable)) noteReady(future, lastReady.failed);
  return future;
}

/** Throws a `TypeError` unless `value` can be awaited. */
export function checkAwaitable(
  value: unknown,
): asserts value is Awaitable<unknown> {
  if (typeof value === "function" || isThenable(value)) return;
  throw new TypeError(
    `Cannot wait: expected a function, a promise or a future, received ${
      describe(value)
    }`,
  );
}

/** A future that settles as a promise does. */
export class PromiseFuture<T> extends Future<T>
  implements Subscriber, Listener {
  readonly #promise: PromiseLike<T>;
  /** The wait behind the promise; `undefined` behind a foreign promise. */
  readonly wait: HandedWait | undefined;

  constructor(promise: PromiseLike<T>, wait?: HandedWait) {
    super();
    this.#promise = promise;
    this.wait = wait;
    if (wait === undefined) renewRefusal(promise);
    else wait.handOver();
    subscribe(promise, this);
    completionOf(this).listen(this);
  }

  /** What a wait for this future waits for, in words. */
  get what(): string {
    return this.wait?.what ?? "promise";
  }

  /**
   * If there is a wait behind the promise, that ends first: perhaps with its
   * value.
   */
  override cancel(message?: string): boolean {
    if (this.done) return false;
    const { loop } = currentScope();
    const { wait } = this;
    if (wait !== undefined) {
      wait.abandon(cancellation(loop, message), scopeOfCaller());
    } else if (!loop.isSettling(this.#promise)) super.cancel(message);
    return true;
  }

  /**
   * A promise does not show whether it has settled. If it has, as that of
   * `queue.get()` where there is an item, its reaction is called before this
   * one.
   */
  cancelUnlessSettled(message: string | undefined): boolean {
    if (this.done) return false;
    if (this.wait !== undefined) return this.cancel(message);
    settled.then(() => this.cancel(message));
    return true;
  }

  detachWait(): void {
    this.wait?.detach();
  }

  fulfilled(value: unknown): void {
    completionOf<T>(this).succeed(value as T);
  }

  rejected(error: unknown): void {
    const completion = completionOf(this);
    const cancel = cancelOf(error);
    if (cancel !== undefined) completion.cancel(cancel);
    else completion.fail(error);
  }

  settled(): void {
    unsubscribe(this.#promise, this);
  }
}
