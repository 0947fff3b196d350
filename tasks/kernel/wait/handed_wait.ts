/**
 * Waits that are handed to a function as promises:
 * `waitFor(queue.get(), 1000)`.
 *
 * A promise cannot be cancelled, but the wait behind it can. The function looks
 * it up among the waits of the task, so other waits pay nothing for it.
 *
 * @module
 */
import type { CancelScope } from "../cancel/cancel_scope.ts";
import type { HandedWait } from "../cancel/scoped_wait.ts";
import {
  currentScope,
  openScope,
  runInScope,
} from "../context/current_scope.ts";
import { CancelledError } from "../errors.ts";
import type { WaitOptions } from "../types.ts";
import {
  checkpointIfCancelled,
  renewRefusals,
  settleAs,
} from "./checkpoint.ts";

/** The error of a wait that was handed to a function that could not begin. */
const NOT_BEGUN = new CancelledError(
  "the function that the wait was handed to could not begin",
);

/**
 * Returns the wait behind `promise`, if the task of `scope` has begun it and it
 * has not ended. If there is no task: if code of the loop in no task has begun
 * it.
 */
export function waitBehind(
  promise: unknown,
  scope: CancelScope = currentScope(),
): HandedWait | undefined {
  const found = scope.findWait(promise);
  if (found !== undefined || scope === scope.outermost) return found;
  return scope.outermost.findWait(promise);
}

/**
 * `checkpointIfCancelled` for a function that got `promises`. If it may not
 * begin, the waits behind them are given up, and the ends of other promises are
 * ignored, as they are later. It may not if one of them could not begin either.
 */
export function checkpointOfOwner(
  promises: Iterable<unknown>,
  options?: WaitOptions,
): Promise<never> | undefined {
  renewRefusals(promises);
  const rejection = checkpointIfCancelled(options);
  if (rejection === undefined) return undefined;
  for (const promise of promises) {
    waitBehind(promise)?.abandon(NOT_BEGUN);
    if (promise instanceof Promise) promise.catch(() => {});
  }
  return rejection;
}

/**
 * Runs `body`, an async function that waits in several steps, as one wait. A
 * rejection by a cancel is never reported as unhandled.
 */
export function composite<T>(body: () => Promise<T>): Promise<T> {
  const scope = openScope();
  const promise = settleAs(
    runInScope(scope, body),
    (value) => {
      scope.close();
      return value;
    },
    (error) => {
      scope.close();
      throw error;
    },
  );
  scope.promise = promise;
  return promise;
}
