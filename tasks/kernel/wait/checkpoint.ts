/**
 * Cancellation points: whether a wait may begin, and the promises of waits that
 * do not have to wait.
 *
 * @module
 */
import type { CancelScope } from "../cancel/cancel_scope.ts";
import { endDeliveries } from "../cancel/in_flight.ts";
import { currentScope } from "../context/current_scope.ts";
import { type CancelledError, isCancelled } from "../errors.ts";
import { budget } from "../loop/budget.ts";
import { pendingCancels } from "../pending_cancels.ts";
import { describe, type WaitOptions } from "../types.ts";

/** Takes the pending cancel. If there is one, the wait may not begin. */
export function takePendingCancel(): CancelledError | undefined {
  if (pendingCancels.count === 0) return undefined;
  const scope = currentScope();
  if (scope.loop.onPoint !== undefined) scope.loop.onPoint();
  return scope.takePending();
}

/**
 * Returns the rejection by a cancel that {@linkcode takePendingCancel}
 * returned.
 */
export function deliver(error: CancelledError): Promise<never> {
  const scope = currentScope();
  scope.beginDelivery(error);
  const promise = readyCancel(error);
  refused.set(promise, { scope, error });
  anyRefused = true;
  return promise;
}

/** The pending cancels that waits were rejected with when they were begun. */
const refused = new WeakMap<
  object,
  { readonly scope: CancelScope; readonly error: CancelledError }
>();

/** Most programs refuse no wait, and are spared the look into the map. */
let anyRefused = false;

/**
 * Makes the cancel pending again that rejected the wait of `promise` when it was
 * begun: it becomes a future, and code that gets that may not look at it.
 */
export function renewRefusal(promise: unknown): void {
  if (!anyRefused) return;
  const refusal = refused.get(promise as object);
  if (refusal === undefined) return;
  const { scope, error } = refusal;
  if (scope.outermost !== currentScope().outermost) return;
  refused.delete(promise as object);
  endDeliveries(scope); // its code runs
  scope.renew(error);
}

/** Does so for each of `promises`. */
export function renewRefusals(promises: Iterable<unknown>): void {
  if (!anyRefused) return;
  for (const promise of promises) renewRefusal(promise);
}

/**
 * Returns a rejection if the wait may not begin: by a pending cancel, or by a
 * signal that has aborted.
 */
export function checkpointIfCancelled(
  options?: WaitOptions,
): Promise<never> | undefined {
  const error = takePendingCancel();
  if (error !== undefined) return deliver(error);
  if (options === undefined) return undefined;
  const signal = options?.signal;
  if (signal !== undefined) return rejectedBy(signal);
  const isObject = typeof options === "object" && options !== null;
  return isObject ? undefined : rejectedOptions(options);
}

/**
 * Entering a block (timeout, group) is a cancellation point, though it does not
 * wait.
 */
export function checkpointOnEntry(): Promise<never> | undefined {
  if (pendingCancels.count === 0) return undefined;
  const error = currentScope().takePending();
  return error === undefined ? undefined : deliver(error);
}

function rejectedOptions(options: unknown): Promise<never> {
  return readyError(
    new TypeError(
      `Cannot wait: options are an object, as { signal }, received ${
        describe(options)
      }`,
    ),
  );
}

function rejectedBy(signal: AbortSignal): Promise<never> | undefined {
  if (signal?.aborted === false) return undefined;
  if (signal?.aborted) return readyError(signal.reason);
  return readyError(
    new TypeError(
      `Cannot wait: signal is an AbortSignal, received ${describe(signal)}`,
    ),
  );
}

/**
 * The promise of the last wait that did not have to wait, if `isNoted`: a
 * promise does not show whether it has settled.
 */
export const lastReady: {
  isNoted: boolean;
  promise: unknown;
  failed: boolean;
} = { isNoted: false, promise: undefined, failed: false };

/** Notes that `promise` is that of a wait that did not have to wait. */
export function noteReady(promise: unknown, failed: boolean): void {
  if (!lastReady.isNoted) return;
  lastReady.promise = promise;
  lastReady.failed = failed;
}

/** Whether `promise` is that of the last wait that did not have to wait. */
export function isReady(promise: unknown): boolean {
  return promise !== undefined && promise === lastReady.promise;
}

/** Returns the promise of a wait that did not have to wait. */
export function ready<T>(value: T): Promise<T> {
  const promise = budget.spend() // no need to know the loop
    ? Promise.resolve(value)
    : currentScope().loop.ready(value);
  if (lastReady.isNoted) noteReady(promise, false);
  return promise;
}

/** Returns the rejection of a wait that did not have to wait. */
export function readyError(error: unknown): Promise<never> {
  const promise = currentScope().loop.readyError(error);
  noteReady(promise, true);
  return promise;
}

/** Returns a rejection by a cancel, which is never reported as unhandled. */
export function readyCancel(error: CancelledError): Promise<never> {
  const promise = readyError(error);
  promise.catch(() => {});
  return promise;
}

/**
 * Returns a promise that settles as `wait` does, but whose rejection by a
 * cancel is never reported as unhandled: for waits that are async functions.
 * Other errors are.
 */
export function ignoreCancelRejection<T>(wait: Promise<T>): Promise<T> {
  return settleAs(wait, same, rethrow);
}

/**
 * Like {@linkcode ignoreCancelRejection}, but settles with what `ended` returns
 * for the value, or `failed` for the error.
 *
 * It returns the promise of the `then` itself, so that the stack of an error
 * that `failed` makes leads to the code that awaits it.
 */
export function settleAs<T, R>(
  wait: Promise<T>,
  ended: (value: T) => R,
  failed: (error: unknown) => R,
): Promise<R> {
  const { loop } = currentScope();
  const end = <O>(settled: (outcome: O) => R, outcome: O): R | Promise<R> => {
    try {
      const value = settled(outcome);
      return loop.spend() ? value : loop.ready(value);
    } catch (error) {
      if (isCancelled(error)) promise.catch(() => {});
      else if (!loop.spend()) return loop.readyError(error);
      throw error;
    }
  };
  const promise: Promise<R> = wait.then(
    (value) => end(ended, value),
    (error) => end(failed, error),
  );
  return promise;
}

function same<T>(value: T): T {
  return value;
}

function rethrow(error: unknown): never {
  throw error;
}
