/** @module */
import { createTask } from "./create_task.ts";
import { completionOf, Future } from "./future.ts";
import { isCancelled } from "./kernel/errors.ts";
import { type Awaitable, describe, isThenable } from "./kernel/types.ts";
import {
  subscribe,
  type Subscriber,
  unsubscribe,
} from "./_promise_subscription.ts";

/**
 * A future for whatever can be awaited: futures and tasks are given back as
 * they are, a function becomes a task, a promise is followed. Mirrors
 * `asyncio.ensure_future`.
 *
 * Cancelling the future of a promise gives that up; the promise itself cannot
 * be cancelled, and how it ends is nobody's concern any more.
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
  if (isThenable(awaitable)) return futureOf(awaitable as PromiseLike<T>);
  return createTask(awaitable);
}

/** Throws a `TypeError` unless `value` can be awaited. */
export function checkAwaitable(
  value: unknown,
): asserts value is Awaitable<unknown> {
  if (typeof value === "function" || isThenable(value)) return;
  throw new TypeError(
    `expected a function, a promise or a future, found ${describe(value)}`,
  );
}

function futureOf<T>(promise: PromiseLike<T>): Future<T> {
  const future = new Future<T>();
  const completion = completionOf(future);
  const follower: Subscriber = {
    fulfilled: (value) => completion.succeed(value as T),
    rejected: (error) =>
      isCancelled(error) ? completion.cancel(error) : completion.fail(error),
  };
  subscribe(promise, follower);
  completion.listen({ settled: () => unsubscribe(promise, follower) });
  return future;
}
