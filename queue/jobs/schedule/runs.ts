/** Which runs of a schedule are due. @module */
import type { Times } from "./recurrence.ts";

/** What happens to runs that were due while no process could start them. */
export type Missed = "skip" | "once" | "all";

/**
 * A run is missed if it is late by more than this, in milliseconds.
 */
const TOLERANCE = 5000;

/** How many missed runs are started at a time; the others follow. */
const MOST_RUNS = 1000;

/** The runs to start now, and the next time to look. */
export interface DueRuns {
  readonly runs: number[];
  readonly next: number;
}

/** Returns the runs due at `now` of a schedule whose next run is at `next`. */
export function dueRuns(
  times: Times,
  { next, now, missed }: { next: number; now: number; missed: Missed },
): DueRuns {
  if (next > now) return { runs: [], next };
  if (missed === "all") {
    const runs: number[] = [];
    for (; next <= now && runs.length < MOST_RUNS; next = times.next(next)) {
      runs.push(next);
    }
    return { runs, next };
  }
  // Only the last one is looked for: there may be a million before.
  const last = Math.max(times.last(now), next);
  const isLate = now - last > TOLERANCE;
  return {
    runs: missed === "skip" && isLate ? [] : [last],
    next: times.next(Math.max(last, now)),
  };
}
