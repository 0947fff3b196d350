/** @module */

/** Milliseconds that the first retry waits at most. */
const FIRST = 1000;

/** No retry waits longer. */
const LONGEST = 60_000;

/**
 * How long to wait before the next attempt: exponential, with full jitter, so
 * that jobs which failed together do not come again together. At most a second
 * after the first attempt, then 2, 4, 8, ... up to a minute.
 */
export function fullJitter(attempt: number): number {
  return Math.random() * Math.min(FIRST * 2 ** (attempt - 1), LONGEST);
}
