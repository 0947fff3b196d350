/** @module */
import { abortable } from "./_abortable.ts";
import { cancellable } from "./cancellable.ts";
import { checkAwaitable, ensureFuture } from "./ensure_future.ts";
import { Future } from "./future.ts";
import { TimeoutError } from "./kernel/errors.ts";
import {
  type Awaitable,
  checkMilliseconds,
  type WaitOptions,
} from "./kernel/types.ts";
import { checkpointOfOwner, waitBehind } from "./kernel/wait/handed_wait.ts";
import { timeout } from "./timeout.ts";

/**
 * Waits for `awaitable`, but no longer than `ms` milliseconds. Mirrors
 * `asyncio.wait_for`.
 *
 * - When the time is up the awaitable is cancelled. When it has ended, this
 *   rejects with {@linkcode TimeoutError}; or, if it has ended with a result or
 *   another error, with that instead. A foreign promise is given up at once.
 * - A function runs in the caller's own task. With zero or less it is never
 *   called.
 * - When `signal` aborts, the awaitable is cancelled and this rejects at once,
 *   unless the awaitable had its result already. The end of the run waits for
 *   the clean-up.
 *
 * **Cancel safety:** a cancel from outside cancels the awaitable, and this
 * rejects when that has ended.
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
    checkMilliseconds(ms, "Cannot wait: the timeout");
  } catch (error) {
    return Promise.reject(error);
  }
  const rejection = checkpointOfOwner([awaitable], options);
  if (rejection !== undefined) return rejection;
  const work = workOf(awaitable, ms);
  return options?.signal === undefined
    ? timeout(ms, work)
    : abortable("waitFor", () => timeout(ms, work), options);
}

/** Returns the function to run inside the timeout. */
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
