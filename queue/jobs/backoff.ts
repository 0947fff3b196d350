/** @module */

/** The longest delays of the first retry, and of all retries, in milliseconds. */
const FIRST_DELAY = 1000, LONGEST_DELAY = 60_000;

/**
 * The delay before the next attempt, in milliseconds: exponential, with full
 * jitter, so that jobs which failed together do not come again together. It is at
 * most a second after the first attempt, then 2, 4, 8, ... up to a minute.
 *
 * @param attempt How many attempts there were: 1 after the first.
 *
 * @example Up to ten times as long
 * ```ts
 * import { fullJitter, memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
 * import { moveOnAfter } from "@asyncio/asyncio/tasks";
 *
 * await using jobs = memoryJobs<string>();
 * await moveOnAfter(10, () =>
 *   work(jobs, async (page) => console.log((await fetch(page)).status), {
 *     backoff: (attempt) => 10 * fullJitter(attempt),
 *   }));
 * ```
 */
export function fullJitter(attempt: number): number {
  return Math.random() *
    Math.min(FIRST_DELAY * 2 ** (attempt - 1), LONGEST_DELAY);
}
