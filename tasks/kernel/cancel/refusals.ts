/**
 * A pending cancel rejects all waits that are begun in the step that meets it, as
 * a cancel rejects all waits that are under way: of `[queue.get(), lock.acquire()]`
 * not the first alone, whose code has not resumed.
 *
 * @module
 */
import type { CancelledError } from "../errors.ts";
import { pendingCancels } from "../pending_cancels.ts";
import type { CancelScope } from "./cancel_scope.ts";
import { originOf } from "./scope_cancels.ts";

interface Refusal {
  /** The scope whose cancel it is. */
  readonly origin: CancelScope;
  readonly error: CancelledError;
}

/** Those of this step: until the code may have resumed that the first rejected. */
const refusals: Refusal[] = [];

const settled = Promise.resolve();

/** Notes that a wait in `scope` was rejected with `error` when it was begun. */
export function noteRefusal(scope: CancelScope, error: CancelledError): void {
  if (refusals.some((refusal) => refusal.error === error)) return;
  refusals.push({ origin: originOf(scope, error), error });
  pendingCancels.count++;
  settled.then(() => {
    refusals.shift();
    pendingCancels.count--;
  });
}

/** The cancel that a wait which is begun in `scope` is rejected with, too. */
export function refusedInStep(scope: CancelScope): CancelledError | undefined {
  return refusals.find((refusal) => isReached(scope, refusal))?.error;
}

function isReached(scope: CancelScope, { origin, error }: Refusal): boolean {
  if (origin.cancels === 0 || origin.error !== error) return false;
  let at: CancelScope | undefined = scope;
  while (at !== undefined && at !== origin) at = at.around;
  return at === origin;
}
