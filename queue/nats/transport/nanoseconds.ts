/** @module */

/** A longer time is as good as this one, which is 100 days. */
const LONGEST = 100 * 24 * 3600 * 1e9;

/** A time in milliseconds, as JetStream counts it. */
export function nanoseconds(ms: number): number {
  return Math.min(Math.ceil(ms * 1e6), LONGEST);
}
