/**
 * Cancelling the waits of a scope.
 *
 * @module
 */
import { type CancelledError, forwarded } from "../errors.ts";
import type { CancelState } from "./cancel_state.ts";
import { exposedWaitsIn, onlyWaitIn, type WaitHolder } from "./scope_waits.ts";
import type { ScopedWait } from "./scoped_wait.ts";

/**
 * A cancel is handed on from a task to the one that it waits for, in nested
 * calls. Deeper than this it is postponed until the outermost call is back: a
 * chain of ten thousand tasks would exhaust the stack.
 */
const MAX_FORWARDS = 200;

const postponed: (() => void)[] = [];

/*
 * Many ways may lead to one task: there are more of them than could ever be
 * walked where gathers in layers share their tasks. A pass is all that one
 * cancel reaches. What it has reached before, it does not hand the cancel on
 * from again.
 */

let current = 0;
let last = 0;

/** The pass that is under way; 0 if there is none. */
export function currentPass(): number {
  return current;
}

/**
 * Calls `cancel`, which cancels one thing or several that may wait for each
 * other, in one pass: that which is under way, or else a new one.
 */
export function inOnePass(cancel: () => void): void {
  if (current !== 0) return cancel();
  current = ++last;
  try {
    cancel();
  } finally {
    current = 0;
  }
}

/** A scope that is being cancelled. */
export interface CancelledScope extends WaitHolder {
  /** Aborts the signals of this scope and those inside. */
  abortSignals(error: CancelledError): void;
}

/** Cancels the waits that a cancel of `scope` reaches, and its signals. */
export function cancelWaits(
  scope: CancelledScope,
  state: CancelState,
  error: CancelledError,
): void {
  state.isCancelling = true;
  inOnePass(() => {
    state.reachedIn = currentPass();
    if (forwarded.depth < MAX_FORWARDS) cancelNow(scope, state, error);
    else postponed.push(() => cancelNow(scope, state, error));
  });
}

function cancelNow(
  scope: CancelledScope,
  state: CancelState,
  error: CancelledError,
): void {
  const only = onlyWaitIn(scope);
  if (only !== undefined) cancelWait(state, only, error);
  else {
    for (const wait of exposedWaitsIn(scope)) cancelWait(state, wait, error);
  }
  state.isCancelling = false;
  scope.abortSignals(error); // last, as it runs foreign listeners
}

function cancelWait(
  state: CancelState,
  wait: ScopedWait,
  error: CancelledError,
): void {
  if (!wait.pending) return;
  state.foundRing = false;
  const isTaken = wait.cancel(error);
  if (forwarded.depth === 0) {
    for (let next = postponed.shift(); next; next = postponed.shift()) next();
  }
  if (!isTaken && state.foundRing) wait.abort(error);
  if (isTaken || !wait.pending) wait.delivered(error);
}
