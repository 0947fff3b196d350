/**
 * Looking for cancels in a scope and in those around it.
 *
 * @module
 */
import type { CancelledError } from "../errors.ts";
import type { CancelScope } from "./cancel_scope.ts";

/**
 * Returns the outermost scope whose pending cancel may be delivered in `inner`.
 */
export function pendingScope(inner: CancelScope): CancelScope | undefined {
  let found: CancelScope | undefined;
  let heldBack: CancelledError | undefined;
  for (
    let at: CancelScope | undefined = inner;
    at !== undefined;
    at = at.parent
  ) {
    if (at.pending !== undefined && at.pending !== heldBack) found = at;
    if (at.shielded) break;
    heldBack ??= at.heldBack;
  }
  return found;
}

/**
 * Notes that the cancel with `error` is delivered to the code of `inner`. If that
 * is behind a future, the cancel stays pending for the code of the task, and is
 * held back from that of the future.
 */
export function noteDelivered(
  inner: CancelScope,
  error: CancelledError,
): void {
  let future: CancelScope | undefined;
  for (
    let at: CancelScope | undefined = inner;
    at !== undefined;
    at = at.parent
  ) {
    if (at.pending === error) {
      if (future === undefined) at.pending = undefined;
      else future.heldBack = error;
      return;
    }
    if (future === undefined && at.isHandedOver) future = at;
  }
}

/**
 * Returns the scope that was cancelled with `error`, of `scope` and those around
 * it; if none has it, the nearest closed scope, which may have dropped it, or
 * else the task's.
 */
export function originOf(
  scope: CancelScope,
  error: CancelledError,
  closed?: CancelScope,
): CancelScope {
  if (scope.error === error) return scope;
  const guess = closed ?? (scope.isClosed ? scope : undefined);
  if (scope.parent === undefined) return guess ?? scope;
  return originOf(scope.parent, error, guess);
}

/**
 * Returns the cancel of `scope` or one around it that was delivered since its
 * `deliveredCancels` was `before`.
 */
export function deliveredSince(
  scope: CancelScope,
  before: number,
): CancelledError | undefined {
  return scope.deliveredCancels > before ? innermostErrorOf(scope) : undefined;
}

/**
 * Returns the error of the innermost that was cancelled, of `scope` and those
 * around it.
 */
function innermostErrorOf(scope: CancelScope): CancelledError | undefined {
  const { around, error } = scope;
  if (scope.cancels > 0 && error !== undefined) return error;
  return around === undefined ? undefined : innermostErrorOf(around);
}
