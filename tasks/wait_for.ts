/** @module */
import { cancellable } from "./cancellable.ts";
import { checkAwaitable, ensureFuture } from "./ensure_future.ts";
import { Future } from "./future.ts";
import type { CancelScope } from "./kernel/cancel/cancel_scope.ts";
import {
  openScope,
  runInScope,
  scopeOfCaller,
} from "./kernel/context/current_scope.ts";
import { allowLeft } from "./kernel/context/leak_checks.ts";
import { cancellation, isCancelled, TimeoutError } from "./kernel/errors.ts";
import {
  type Awaitable,
  checkMilliseconds,
  type WaitOptions,
} from "./kernel/types.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
} from "./kernel/wait/checkpoint.ts";
import { waitBehind } from "./kernel/wait/handed_wait.ts";
import { type Place, ShieldedWaiter } from "./kernel/wait/waiter.ts";
import { timeout } from "./timeout.ts";

const PLACE: Place = { what: "waitFor", leave() {} };

/**
 * Waits for `awaitable`, but not longer than `ms` milliseconds. Mirrors
 * `asyncio.wait_for`.
 *
 * - When the time is up the awaitable is cancelled, and
 *   {@linkcode TimeoutError} is thrown when it has ended; where it ends with a
 *   result or an error in spite of the cancel, that counts instead. A foreign
 *   promise is given up at once.
 * - A function runs in the caller's own task. With zero or less it is never
 *   started.
 * - When `signal` aborts, the wait rejects at once and the awaitable is
 *   cancelled; one that was woken before, and ends with that, still counts. The
 *   end of the run waits for what it still does.
 *
 * **Cancel safety:** a cancel from outside cancels the awaitable, and is thrown
 * when that has ended.
 *
 * @throws {TimeoutError} The time was up.
 * @throws {RangeError} `ms` is `NaN`.
 * @throws {TypeError} `awaitable` is no function, promise or future.
 *
 * @example
 * ```ts
 * import { sleep, TimeoutError, waitFor } from "@asyncio/asyncio/tasks";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * assertEquals(await waitFor(() => sleep(1, { result: "in time" }), 1000), "in time");
 * await assertRejects(() => waitFor(() => sleep(60_000), 5), TimeoutError);
 * ```
 */
export function waitFor<T>(
  awaitable: Awaitable<T>,
  ms: number,
  options?: WaitOptions,
): Promise<T> {
  try {
    checkAwaitable(awaitable);
    checkMilliseconds(ms, "the timeout");
  } catch (error) {
    return Promise.reject(error);
  }
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const work = workOf(awaitable, ms);
  return options?.signal === undefined
    ? timeout(ms, work)
    : ignoreCancelRejection(
      new WorkWaiter(() => timeout(ms, work), options).promise,
    );
}

/** What is run inside the timeout. */
function workOf<T>(
  awaitable: Awaitable<T>,
  ms: number,
): () => PromiseLike<T> | T {
  if (typeof awaitable === "function") {
    return ms > 0 ? () => awaitable() : () => {
      throw new TimeoutError(
        `the time limit of ${ms} ms was over before the function was called`,
      );
    };
  }
  const work = waitBehind(awaitable) === undefined
    ? awaitable
    : ensureFuture(awaitable);
  if (!(work instanceof Future)) return () => cancellable(work);
  return () => work.done ? work.result() : work.then((value) => value);
}

/**
 * A wait for work in a scope of its own. A cancel goes to the work, and comes
 * back from there; when the signal aborts, the work is cancelled, and left to
 * the run: it is no task, but its clean-up is to come to its end as theirs do.
 */
class WorkWaiter<T> extends ShieldedWaiter<T> implements AsyncDisposable {
  readonly #work: CancelScope;
  readonly #ended: Promise<void>;
  #over = false;
  #aborted = false;

  constructor(work: () => Promise<T>, options: WaitOptions) {
    super(PLACE, options);
    this.#work = openScope();
    this.#ended = runInScope(this.#work, work).then(
      (value) => void this.wake(value),
      (error) => void this.fail(error),
    ).finally(() => this.#end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended;
  }

  override abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    const { scheduler } = this.#work;
    const error = cancellation(scheduler, "the signal was aborted");
    this.#work.cancel(error, scopeOfCaller());
    const giveUp = () => {
      if (!this.pending) return;
      super.abort(reason);
      if (!this.#over) this.#leaveToRun();
    };
    if (this.#work.pending !== error) return giveUp();
    // It was in no wait: it may have been woken a moment ago, and have an end.
    scheduler.defer({ run: giveUp, runsUserCode: false });
  }

  /** With an error that it failed with before it was given up. */
  override fail(error: unknown): boolean {
    return !(this.#aborted && isCancelled(error)) && super.fail(error);
  }

  #leaveToRun(): void {
    allowLeft(this);
    this.#work.scheduler.resources.add(this);
  }

  #end(): void {
    this.#over = true;
    this.#work.scheduler.resources.delete(this);
    this.#work.close();
  }
}
