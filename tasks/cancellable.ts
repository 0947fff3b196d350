/** @module */
import type { CancelledError } from "./kernel/errors.ts";
import { checkpointOfOwner, waitBehind } from "./kernel/wait/handed_wait.ts";
import { ensureFuture } from "./ensure_future.ts";
import { describe, isThenable } from "./kernel/types.ts";
import {
  deliver,
  isReady,
  ready,
  takePendingCancel,
} from "./kernel/wait/checkpoint.ts";
import { ExternalWaiter } from "./kernel/wait/waiter.ts";
import {
  assimilate,
  subscribe,
  type Subscriber,
  unsubscribe,
} from "./promise_subscription.ts";

const settled = Promise.resolve();

/** A wait for a promise that cannot be cancelled. */
class ForeignWaiter<T> extends ExternalWaiter<T> implements Subscriber {
  readonly #source: PromiseLike<T>;
  readonly #controller: AbortController | undefined;
  /** A cancel that ends the wait unless the promise has settled. */
  #cancel: CancelledError | undefined = undefined;

  constructor(source: PromiseLike<T>, controller?: AbortController) {
    super();
    this.#source = source;
    this.#controller = controller;
    subscribe(source, this);
  }

  /** With a signal, a cancel calls foreign listeners. */
  override get endsAtOnce(): boolean {
    return this.#controller === undefined;
  }

  get what(): string {
    return "cancellable";
  }

  fulfilled(value: T): void {
    this.wake(value);
  }

  rejected(error: unknown): void {
    this.fail(error);
  }

  protected override leave(): void {
    super.leave();
    unsubscribe(this.#source, this);
  }

  /** If the promise is about to settle, its end was before the cancel. */
  override cancel(error: CancelledError): boolean {
    if (this.scope.loop.isSettling(this.#source)) return false;
    if (this.#controller === undefined) return this.#cancelUnlessSettled(error);
    super.cancel(error);
    this.#controller.abort(error); // last, as it runs foreign listeners
    return true;
  }

  /**
   * A promise does not show whether it has settled. If it has, as that of
   * `queue.get()` where there is an item, its reaction is called before this
   * one, and the cancel is delivered at the next wait.
   */
  #cancelUnlessSettled(error: CancelledError): false {
    if (this.#cancel === undefined) {
      settled.then(() => {
        if (!this.pending) return;
        const cancel = this.#cancel!;
        super.cancel(cancel);
        this.delivered(cancel);
      });
    }
    this.#cancel = error;
    return false;
  }

  override abort(reason: unknown): void {
    if (this.scope.loop.isSettling(this.#source)) return;
    super.abort(reason);
    this.#controller?.abort(reason);
  }
}

/**
 * Waits for a foreign promise, so that the wait can be cancelled.
 *
 * If the task is cancelled, it rejects at once, and the end of the promise is
 * ignored, even a rejection. A function is called with a signal that aborts when
 * the wait is given up, so that the work itself can end too.
 *
 * **Cancel safety:** the wait ends at once. What the foreign work has done, or
 * still does, is not undone.
 *
 * @throws {CancelledError} The task was cancelled.
 *
 * @example
 * ```ts
 * import { cancellable, timeout, TimeoutError } from "@asyncio/asyncio/tasks";
 * import { assertRejects } from "@std/assert";
 *
 * const never = new Promise<string>(() => {});
 * await assertRejects(
 *   () => timeout(5, () => cancellable(never)),
 *   TimeoutError,
 * );
 *
 * // With fetch: cancellable((signal) => fetch(url, { signal }))
 * ```
 */
export function cancellable<T>(
  promise: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>),
): Promise<T> {
  try {
    return waitForForeign(promise);
  } catch (error) {
    return Promise.reject(error); // the `then` of a thenable may throw
  }
}

function waitForForeign<T>(
  promise: PromiseLike<T> | ((signal: AbortSignal) => PromiseLike<T>),
): Promise<T> {
  if (typeof promise !== "function" && !isThenable(promise)) {
    throw new TypeError(
      `Cannot wait: expected a promise or a function of a signal, received ${
        describe(promise)
      }`,
    );
  }
  const rejection = checkpointOfOwner([promise]);
  if (rejection !== undefined) return rejection;
  if (!isThenable(promise)) return startAndWait(promise);
  if (isReady(promise)) return promise as Promise<T>;
  return waitBehind(promise) === undefined
    ? new ForeignWaiter<T>(promise).promise
    : ensureFuture(promise).then((value) => value);
}

/**
 * Calls the function, and waits for its promise. Throws what the function
 * throws.
 */
function startAndWait<T>(
  start: (signal: AbortSignal) => PromiseLike<T>,
): Promise<T> {
  const controller = new AbortController();
  const started = start(controller.signal);
  if (!isThenable(started)) return ready(started);
  const cancel = takePendingCancel();
  if (cancel === undefined) {
    return new ForeignWaiter(started, controller).promise;
  }
  // The function has cancelled the task that it runs in.
  assimilate(started).then(undefined, () => {});
  controller.abort(cancel);
  return deliver(cancel);
}
