/** @module */

/** The longest delays of the first retry, and of all retries, in milliseconds. */
const FIRST_DELAY = 1000, LONGEST_DELAY = 60_000;

/**
 * The delay before the next attempt, in milliseconds: exponential, with full
 * jitter, so that jobs which failed together do not come again together. It is at
 * most a second after the first attempt, then 2, 4, 8, ... up to a minute.
 */
export function fullJitter(attempt: number): number {
  return Math.random() *
    Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY);
}
