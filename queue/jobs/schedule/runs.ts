/** Which runs of a schedule are due. @module */
import type { Times } from "./recurrence.ts";

/** What becomes of runs that were due while no process could start them. */
export type Missed = "skip" | "once" | "all";

/**
 * A run counts as missed when it is late by more than this, in milliseconds, and
 * not before the next one is due.
 */
const TOLERANCE = 5000;

/** At most so many missed runs are started at a time; the rest follows. */
const MOST = 1000;

/** The runs to start now, and the next time to look. */
export interface DueRuns {
  readonly runs: number[];
  readonly next: number;
}

/** What is due at `now` of a schedule whose next run was to be at `next`. */
export function dueRuns(
  times: Times,
  { next, now, missed }: { next: number; now: number; missed: Missed },
): DueRuns {
  if (next > now) return { runs: [], next };
  if (missed === "all") {
    const runs: number[] = [];
    for (; next <= now && runs.length < MOST; next = times.next(next)) {
      runs.push(next);
    }
    return { runs, next };
  }
  // Walking back: a schedule of every minute may have missed a million.
  const last = Math.max(times.last(now), next);
  const isLate = now - last > TOLERANCE;
  return {
    runs: missed === "skip" && isLate ? [] : [last],
    next: times.next(Math.max(last, now)),
  };
}
