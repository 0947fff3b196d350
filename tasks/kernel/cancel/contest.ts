/** Waits of which one alone may happen: see `race`. @module */

import type { HandedWait } from "./scoped_wait.ts";

/** Gives out what is there to those that wait for it. */
export interface Dispenser {
  dispense(): void;
}

/**
 * What a wait that stands in for others asks, in the step in which what it
 * waits for is there, and before it takes it.
 */
export interface Contest {
  /**
   * Whether it may happen. The first that asks may, and has taken the others out
   * of their queues when this returns, and has called no foreign code; another
   * one has been given up.
   *
   * @param failed Whether it ends with an error.
   */
  claim(failed: boolean): boolean;
  /** Its claim has succeeded, and nothing ends it any more. Cancels the others. */
  decided(): void;
  /**
   * Whether another one is being begun at this moment: by what it takes or puts it
   * would let this one happen, too. Which of them it is, is known when the call
   * has returned; `dispenser` is called then.
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
