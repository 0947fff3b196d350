/**
 * Waits that are handed over as promises: `waitFor(queue.get(), 1000)`.
 *
 * A promise cannot be cancelled, but the wait behind it can. It is looked up
 * among the waits of the task, so that a wait which is not handed over costs
 * nothing.
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
import { checkpointIfCancelled, settleAs } from "./checkpoint.ts";

/** What waits end with whose new owner could not begin. */
const NOT_BEGUN = new CancelledError(
  "the function that the wait was handed to could not begin",
);

/**
 * The wait behind `promise`, if code of the task of `scope` has begun it, and it
 * has not ended. Outside of tasks: code of the loop that is in no task.
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
 * `checkpointIfCancelled` of a function that `promises` were handed to: if it may
 * not begin, it gives up the waits behind them.
 */
export function checkpointOfOwner(
  promises: Iterable<unknown>,
  options?: WaitOptions,
): Promise<never> | undefined {
  const rejection = checkpointIfCancelled(options);
  if (rejection === undefined) return undefined;
  for (const promise of promises) waitBehind(promise)?.abandon(NOT_BEGUN);
  return rejection;
}

/**
 * Runs `body`, an async function that waits in several steps, as one wait. It is
 * never an unhandled rejection by a cancel.
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
