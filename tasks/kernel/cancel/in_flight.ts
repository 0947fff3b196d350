/**
 * Cancels in flight: from the rejection of a wait until its code has resumed.
 *
 * In between the code is in no wait, though it has not seen the cancel yet. A
 * second cancel must neither be lost nor end the clean-up that is about to
 * begin.
 *
 * @module
 */
import type { CancelledError } from "../errors.ts";
import { added, listOf, removed, type SmallSet } from "../small_set.ts";

/** A scope, as deliveries see it. */
export interface DeliveryScope {
  readonly parent: DeliveryScope | undefined;
  /** Whether it is the scope of all code that runs in no task. */
  readonly isRoot: boolean;
  /** Whether it is that of a wait that has become a future. */
  readonly isHandedOver: boolean;
  /** The deliveries, in this scope and inside, whose code has not resumed. */
  inFlight: SmallSet<Delivery>;
  /** A cancel from around this scope that waits until this scope has ended. */
  heldBack: CancelledError | undefined;
}

/** A cancel whose wait has rejected, and whose code has not resumed yet. */
export class Delivery {
  /** The scope in which the wait was begun. */
  readonly scope: DeliveryScope;
  /** The scope whose cancel it is. */
  readonly origin: DeliveryScope;

  constructor(scope: DeliveryScope, origin: DeliveryScope) {
    this.scope = scope;
    this.origin = origin;
    let at: DeliveryScope | undefined = scope;
    for (; at !== undefined && !at.isRoot; at = at.parent) {
      at.inFlight = added(at.inFlight, this);
      if (at.isHandedOver) break; // its code is not that of the task
    }
  }

  /** The code has resumed. */
  end(): void {
    let at: DeliveryScope | undefined = this.scope;
    for (; at !== undefined; at = at.parent) {
      at.inFlight = removed(at.inFlight, this);
    }
  }
}

const settled = Promise.resolve();
let begun: Delivery[] = [];

/** Notes that a wait in `scope` has rejected with a cancel of `origin`. */
export function beginDelivery(
  scope: DeliveryScope,
  origin: DeliveryScope,
): void {
  if (begun.push(new Delivery(scope, origin)) === 1) settled.then(endLater);
}

/**
 * Called in the first microtask after the rejection; waits for two more. Three
 * it takes until code resumes that awaits a `then` of the promise: one for the
 * `then`, one for the promise that it returns, one for the `await`. Deliveries
 * that begin before the first of them share all three.
 */
function endLater(): void {
  const deliveries = begun;
  begun = [];
  settled.then(() => {}).then(() => {
    for (const delivery of deliveries) delivery.end();
  });
}

/**
 * Code of `scope` is running, so every wait that was cancelled in it has
 * resumed.
 */
export function endDeliveries({ inFlight }: DeliveryScope): void {
  for (const delivery of listOf(inFlight)) delivery.end();
}

/**
 * For a cancel of `scope` while deliveries are in flight there. Returns true if
 * it is merged into one of them: of the same scope, or of one around it. A
 * cancel from further out is held back until the inner scope has ended.
 */
export function mergeOrHoldBack(
  scope: DeliveryScope,
  error: CancelledError,
): boolean {
  const origins = listOf(scope.inFlight).map(({ origin }) => origin);
  if (origins.some((origin) => isAround(origin, scope))) return true;
  for (const origin of origins) origin.heldBack = error;
  return false;
}

function isAround(outer: DeliveryScope, inner: DeliveryScope): boolean {
  let at: DeliveryScope | undefined = inner;
  while (at !== undefined && at !== outer) at = at.parent;
  return at === outer;
}
