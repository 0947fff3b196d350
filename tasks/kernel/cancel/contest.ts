/** Waits of which one alone may happen: see `race`. @module */

import type { HandedWait } from "./scoped_wait.ts";

/** Gives out what is there to those that wait for it. */
export interface Dispenser {
  dispense(): void;
}

/**
 * Decides which of several waits happens. A wait asks it when what it waits for
 * is there, before it takes that.
 */
export interface Contest {
  /**
   * Whether the wait may happen. The first that asks may: when this returns, the
   * others are out of their queues, and no foreign code has been called. All
   * later ones have been given up.
   *
   * @param failed Whether it ends with an error.
   */
  claim(failed: boolean): boolean;
  /** Its claim has succeeded, and nothing ends it any more. Cancels the others. */
  decided(): void;
  /**
   * Whether another wait is being begun at this moment, which by what it takes or
   * puts would let this one happen, too. Only when that call has returned it is
   * known which of them happens; then `dispenser` is called.
   */
  givesWay(dispenser: Dispenser): boolean;
  /** Whether another one has happened, so that it is about to be given up. */
  readonly isLost: boolean;
  /** What is behind `promise`, if that stands for the contest. */
  behind(promise: unknown): HandedWait | undefined;
  /** Adds the promises that settle with this wait. */
  noteSettling(promises: Set<unknown>): void;
  /** It has resolved. */
  fulfilled(value: unknown): void;
  /** It has rejected. */
  rejected(error: unknown): void;
}
