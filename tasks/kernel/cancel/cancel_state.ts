/** @module */
import type { CancelledError } from "../errors.ts";
import type { SmallSet } from "../small_set.ts";
import type { WatchedCancel } from "./cancel_watch.ts";
import type { Delivery } from "./in_flight.ts";

/**
 * The state of a scope that was cancelled, or whose signal was asked for. Few
 * scopes ever are, so it is made when it is first needed.
 */
export class CancelState {
  /** How many cancels were asked for and not taken back. */
  cancels = 0;
  /** The error of the last cancel. */
  error: CancelledError | undefined = undefined;
  /** A cancel that is still to be delivered. */
  pending: CancelledError | undefined = undefined;
  /** The deliveries, in the scope and inside, whose code has not resumed. */
  inFlight: SmallSet<Delivery> = undefined;
  /** A cancel from around the scope that waits until the scope has ended. */
  heldBack: CancelledError | undefined = undefined;
  /** Set while it is watched whether the cancel has an effect. */
  watched: WatchedCancel | undefined = undefined;
  /** Whether the waits of the scope are being cancelled. */
  isCancelling = false;
  /** Whether a cancel that a wait has handed on has come back to the scope. */
  foundRing = false;
  /** The last pass of a cancel that has reached the scope. */
  reachedIn = 0;
  /** The controller of the signal, once that was asked for. */
  controller: AbortController | undefined = undefined;
}

/** The state of every scope that has none of its own: never written to. */
export const NOT_CANCELLED: Readonly<CancelState> = new CancelState();
