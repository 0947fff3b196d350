/** @module */
import type { EventLoop } from "./event_loop.ts";
import { Callback } from "./kernel/context/callback.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import { InvalidStateError, isCancelled } from "./kernel/errors.ts";
import { loopOf } from "./kernel/loop/loop.ts";
import { BoundCallback } from "./kernel/loop/bound_calls.ts";
import { checkFunction, checkOptions } from "./kernel/types.ts";
import {
  deliver,
  ready,
  readyCancel,
  readyError,
  takePendingCancel,
} from "./kernel/wait/checkpoint.ts";
import {
  Completion,
  completionOf,
  type Listener,
  setCompletionOf,
} from "./kernel/wait/completion.ts";
import { FutureWaiter } from "./kernel/wait/future_waiter.ts";
import { printable } from "./kernel/watch/inspect.ts";

export { completionOf };

/**
 * A value that is not there yet. Mirrors `asyncio.Future`.
 *
 * It is awaited like a promise, by any number of tasks. Unlike a promise it
 * shows its state (`done`, `result()`), can be cancelled, and is settled from
 * outside. An error that is retrieved late is no unhandled rejection. If it was
 * not retrieved when the future is garbage-collected, or when its `run` ends,
 * it is reported through the loop's exception handler.
 *
 * **Cancel safety:** a task that is cancelled while it awaits a future cancels
 * that future; `shield` prevents this.
 *
 * @example
 * ```ts
 * import { Future } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const answer = new Future<number>();
 * setTimeout(() => answer.setResult(42), 1);
 * assertEquals(await answer, 42);
 * assertEquals(answer.result(), 42);
 * ```
 *
 * @typeParam T The type of its value.
 */
export class Future<T> implements PromiseLike<T> {
  readonly #completion: Completion<T>;

  /** Makes a pending future of the current loop, or of `options.loop`. */
  constructor(options?: { loop?: EventLoop | undefined }) {
    checkOptions(options, "make a future");
    const loop = options?.loop === undefined
      ? currentScope().loop
      : loopOf(options.loop);
    this.#completion = new Completion<T>(loop, this);
  }

  /**
   * Whether it has a value, has failed or was cancelled. Mirrors
   * `asyncio.Future.done`.
   */
  get done(): boolean {
    return this.#completion.state !== "pending";
  }

  /** Whether it was cancelled. Mirrors `asyncio.Future.cancelled`. */
  get cancelled(): boolean {
    return this.#completion.state === "cancelled";
  }

  /**
   * Returns the value, or throws the error if it failed. Mirrors
   * `asyncio.Future.result`.
   *
   * @throws {InvalidStateError} It is pending.
   * @throws {CancelledError} It was cancelled.
   */
  result(): T {
    const completion = this.#completion;
    if (completion.state === "done") return completion.value;
    if (completion.state !== "pending") throw completion.error;
    throw new InvalidStateError(
      "Cannot give the result: the future is pending",
    );
  }

  /**
   * Returns the error it failed with; `undefined` if it has a value. Mirrors
   * `asyncio.Future.exception`.
   *
   * @throws {InvalidStateError} It is pending.
   * @throws {CancelledError} It was cancelled.
   */
  exception(): unknown {
    if (this.#completion.state === "failed") return this.#completion.error;
    this.result();
    return undefined;
  }

  /**
   * Ends it with a value. Mirrors `asyncio.Future.set_result`.
   *
   * @throws {InvalidStateError} It has ended already.
   */
  setResult(value: T): void {
    this.#completion.checkPending();
    this.#completion.succeed(value);
  }

  /**
   * Ends it with an error. Mirrors `asyncio.Future.set_exception`.
   *
   * @throws {InvalidStateError} It has ended already.
   */
  setException(error: unknown): void {
    this.#completion.checkPending();
    this.#completion.fail(error);
  }

  /**
   * Cancels it, with a message for the {@linkcode CancelledError}. Returns
   * false, and does nothing, if it has ended. Mirrors `asyncio.Future.cancel`.
   */
  cancel(message?: string): boolean {
    if (this.done) return false;
    this.#completion.cancel(message);
    return true;
  }

  /**
   * Calls `callback` with the future soon after its end, or soon if it has
   * ended. Mirrors `asyncio.Future.add_done_callback`.
   *
   * Callbacks are never called synchronously. They are called in the order in
   * which they were added, in a copy of the caller's context, and in no task.
   */
  addDoneCallback(callback: (future: this) => void): void {
    checkFunction(callback, "Cannot add a callback: it");
    this.#completion.listen(new DoneCallback(this, callback));
  }

  /**
   * Removes `callback`, however often it was added, and returns how often that
   * was. Mirrors `asyncio.Future.remove_done_callback`.
   */
  removeDoneCallback(callback: (future: this) => void): number {
    const added = this.#completion.listeners.filter((listener) =>
      listener instanceof DoneCallback && listener.callback === callback
    );
    for (const listener of added) this.#completion.unlisten(listener);
    return added.length;
  }

  /**
   * As that of a promise; `await` calls it.
   *
   * **Cancel safety:** in a task, this is a wait of that task, and so are
   * `catch` and `finally`: a cancel of the task cancels the future.
   */
  then<A = T, B = never>(
    onFulfilled?: ((value: T) => A | PromiseLike<A>) | null,
    // deno-lint-ignore no-explicit-any -- as a promise's
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<A | B> {
    return wait(this, (promise) => promise.then(onFulfilled, onRejected));
  }

  /** As that of a promise; a wait, as {@linkcode then}. */
  catch<B = never>(
    // deno-lint-ignore no-explicit-any -- as a promise's
    onRejected?: ((reason: any) => B | PromiseLike<B>) | null,
  ): Promise<T | B> {
    return wait(this, (promise) => promise.catch(onRejected));
  }

  /** As that of a promise; a wait, as {@linkcode then}. */
  finally(onFinally?: (() => void) | null): Promise<T> {
    return wait(this, (promise) => promise.finally(onFinally));
  }

  /** `"Future"` */
  get [Symbol.toStringTag](): string {
    return "Future";
  }

  static {
    setCompletionOf((future) => (future as Future<never>).#completion);
    printable(Future, (future) => {
      const { state, outcome } = future.#completion;
      return {
        state,
        result: state === "done" ? outcome : undefined,
        error: state === "failed" ? outcome : undefined,
      };
    });
  }
}

/**
 * Begins a wait for `future`, and returns the promise that `follow` makes of its
 * promise.
 */
function wait<T, U>(
  future: Future<T>,
  follow: (promise: Promise<T>) => Promise<U>,
): Promise<U> {
  const error = takePendingCancel();
  if (error !== undefined) {
    future.cancel(error.message); // as if it came during the wait
    return ignoreRejection(follow(deliver(error)));
  }
  const completion = completionOf(future);
  switch (completion.state) {
    case "done":
      return follow(ready(completion.value));
    case "failed":
    case "cancelled":
      return isCancelled(completion.error)
        ? ignoreRejection(follow(readyCancel(completion.error)))
        : follow(readyError(completion.error));
  }
  if (currentScope().task === future) {
    return follow(
      Promise.reject(new Error("Cannot wait: a task cannot await itself")),
    );
  }
  const waiter = new FutureWaiter(completion);
  const derived = follow(waiter.promise);
  waiter.derived = derived;
  return derived;
}

class DoneCallback<F extends Future<unknown>> extends Callback
  implements Listener {
  readonly callback: (future: F) => void;
  readonly #call = new BoundCallback(this);

  constructor(future: F, callback: (future: F) => void) {
    super(
      completionOf(future).loop,
      () => callback(future),
      callback.name,
    );
    this.callback = callback;
  }

  settled(): void {
    this.loop.soon(this.#call);
  }
}

/**
 * Whether `value` is a future (a task is one). Mirrors `asyncio.isfuture`.
 *
 * @example
 * ```ts
 * import { Future, isFuture } from "@asyncio/asyncio/tasks";
 * import { assert, assertFalse } from "@std/assert";
 *
 * assert(isFuture(new Future()));
 * assertFalse(isFuture(Promise.resolve()));
 * ```
 */
export function isFuture(value: unknown): value is Future<unknown> {
  return value instanceof Future;
}

/** After a cancel, perhaps no code awaits the promise. */
function ignoreRejection<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => {});
  return promise;
}
