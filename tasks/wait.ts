/** @module */
import { OwnerWaiter } from "./_owner_waiter.ts";
import { ensureFuture } from "./ensure_future.ts";
import { completionOf, type Future } from "./future.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import { Deadline } from "./kernel/loop/deadline.ts";
import {
  checkList,
  checkMilliseconds,
  describe,
  isThenable,
  type WaitOptions,
} from "./kernel/types.ts";
import { checkpointOfOwner, composite } from "./kernel/wait/handed_wait.ts";
import type { Listener } from "./kernel/wait/completion.ts";
import { WaitQueue } from "./kernel/wait/wait_queue.ts";

const settled = Promise.resolve();

/** When {@linkcode wait} returns. */
export type ReturnWhen =
  | "ALL_COMPLETED"
  | "FIRST_COMPLETED"
  | "FIRST_EXCEPTION";

/** How to {@linkcode wait}. */
export interface WaitManyOptions extends WaitOptions {
  /** How long at most, in milliseconds. */
  timeout?: number | undefined;
  /** What to wait for: all of them unless given. */
  returnWhen?: ReturnWhen | undefined;
}

/**
 * Waits for some or all of `futures`, and resolves to the sets of those that
 * are done and those that are pending. Mirrors `asyncio.wait`.
 *
 * It cancels nothing, and throws neither their errors nor a `TimeoutError`.
 * `FIRST_EXCEPTION` waits for the first that fails (a cancel is no failure); if
 * none fails, for all. In the sets, a promise is replaced by the future that
 * `ensureFuture` makes of it. If that is still pending, cancel it to stop
 * following the promise.
 *
 * **Cancel safety:** the futures go on. Promises are given up: the waits behind
 * them end, the ends of others are ignored. If what it waits for has happened
 * already, as an item of `wait([queue.get()])` has come, it resolves, and the
 * cancel is delivered at the next wait. Otherwise the values of promises that
 * have settled before go with it: to keep them, make the futures with
 * `ensureFuture` before.
 *
 * @throws {TypeError} There is no future, or an item is no future or promise.
 * It takes no functions, as the caller could not tell their tasks.
 * @throws {RangeError} `timeout` is `NaN`.
 *
 * @example
 * ```ts
 * import { createTask, sleep, wait } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const fast = createTask(() => sleep(1));
 * const slow = createTask(() => sleep(60_000));
 * const { done, pending } = await wait([fast, slow], {
 *   returnWhen: "FIRST_COMPLETED",
 * });
 * assertEquals([...done], [fast]);
 * for (const task of pending) task.cancel();
 * ```
 */
export function wait<T>(
  futures: Iterable<Future<T> | Promise<T>>,
  options?: WaitManyOptions,
): Promise<{ done: Set<Future<T>>; pending: Set<Future<T>> }>;
/** Waits for futures of several kinds. */
export function wait<A extends Future<unknown> | Promise<unknown>>(
  futures: Iterable<A>,
  options?: WaitManyOptions,
): Promise<{
  done: Set<Future<Awaited<A>>>;
  pending: Set<Future<Awaited<A>>>;
}>;
export function wait(
  futures: Iterable<Future<unknown> | Promise<unknown>>,
  options?: WaitManyOptions,
): Promise<{ done: Set<Future<unknown>>; pending: Set<Future<unknown>> }> {
  return composite(() => waitForFutures(futures, options));
}

async function waitForFutures<T>(
  futures: Iterable<Future<T> | Promise<T>>,
  options: WaitManyOptions | undefined,
): Promise<{ done: Set<Future<T>>; pending: Set<Future<T>> }> {
  const items = checkFutures(futures);
  const { timeout, returnWhen = "ALL_COMPLETED" } = options ?? {};
  checkReturnWhen(returnWhen);
  if (timeout !== undefined) {
    checkMilliseconds(timeout, "Cannot wait: the timeout");
  }
  const rejection = checkpointOfOwner(items, options);
  if (rejection !== undefined) return await rejection;

  const all = new Set([...items].map((item) => ensureFuture(item)));
  const pending = [...all].filter((future) => !future.done);
  const isEnough = pending.length === 0 ||
    (returnWhen === "FIRST_COMPLETED" && pending.length < all.size) ||
    (returnWhen === "FIRST_EXCEPTION" && [...all].some(hasFailed));
  const owned = pending.filter((future) => !items.has(future));
  if (!isEnough && !(timeout! <= 0)) {
    await waitForSome(pending, owned, options);
  } else if (owned.length > 0) await settled; // those of settled promises are done
  const sets = { done: new Set<Future<T>>(), pending: new Set<Future<T>>() };
  for (const future of all) sets[future.done ? "done" : "pending"].add(future);
  return sets;
}

/** @param owned Those of `pending` that were made for promises. */
async function waitForSome(
  pending: Future<unknown>[],
  owned: Future<unknown>[],
  options: WaitManyOptions = {},
): Promise<void> {
  const { returnWhen, timeout = Infinity } = options;
  const waiters = new WaitQueue<void>(`wait for ${pending.length} futures`);
  const waiter = new OwnerWaiter<void>(() => owned, options);
  let left = pending.length;
  const { loop, task } = currentScope();
  const listener: Listener = {
    awaiter: task,
    settled(completion) {
      if (waiter.hasCancelled(completion)) return;
      left--;
      const isEnough = left === 0 || returnWhen === "FIRST_COMPLETED" ||
        (returnWhen === "FIRST_EXCEPTION" && completion.state === "failed");
      if (isEnough) waiter.wakeInOrder();
    },
  };
  const when = loop.clock.now() + timeout;
  const deadline = timeout === Infinity
    ? undefined
    : new Deadline(loop, when, () => waiter.wake());
  for (const future of pending) completionOf(future).listen(listener);
  try {
    await waiters.add(waiter);
  } finally {
    deadline?.stop();
    for (const future of pending) completionOf(future).unlisten(listener);
  }
}

function hasFailed(future: Future<unknown>): boolean {
  return completionOf(future).state === "failed";
}

function checkReturnWhen(value: unknown): void {
  const known = ["ALL_COMPLETED", "FIRST_COMPLETED", "FIRST_EXCEPTION"];
  if (known.includes(value as string)) return;
  throw new TypeError(
    `Cannot wait: returnWhen is one of ${known.join(", ")}, received ${
      describe(value)
    }`,
  );
}

/** Returns the futures and promises, each once. */
function checkFutures<T>(
  futures: Iterable<Future<T> | Promise<T>>,
): Set<Future<T> | Promise<T>> {
  checkList(futures, "wait");
  const items = new Set(futures);
  if (items.size === 0) {
    throw new TypeError(
      "Cannot wait: expected at least one future, received none",
    );
  }
  for (const item of items) {
    if (isThenable(item)) continue;
    const hint = typeof item === "function" ? "; make it a task first" : "";
    throw new TypeError(
      `Cannot wait: it takes futures and promises, received ${
        describe(item)
      }${hint}`,
    );
  }
  return items;
}
