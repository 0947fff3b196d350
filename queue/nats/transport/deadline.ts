/** The time of a queue, and deadlines. @module */

/** A point in time. */
export interface Deadline {
  /** Milliseconds until then; 0 or less if it is over. */
  remaining(): number;
}

/** The time of a queue, in milliseconds. */
export interface Clock {
  now(): number;
}

/** The machine's monotonic clock. */
export const steadyClock: Clock = { now: () => performance.now() };

/** A point in time, `ms` milliseconds from now. */
export function deadlineIn(ms: number, clock: Clock = steadyClock): Deadline {
  const end = clock.now() + ms;
  return { remaining: () => end - clock.now() };
}
