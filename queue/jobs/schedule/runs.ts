/** Which runs of a schedule are due. @module */
import type { Times } from "./recurrence.ts";

/** What happens to runs that were due while no process could start them. */
export type Missed = "skip" | "once" | "all";

/**
 * A run is missed if it is late by more than this, in milliseconds: nothing has
 * started it by then, although a process may seem to have had the queue open.
 */
const TOLERANCE = 5000;

/** How many missed runs are started at a time; the others follow. */
const MOST_RUNS = 1000;

/** The runs to start now, and what comes next. */
export interface DueRuns {
  readonly runs: number[];
  /** The first run that is neither started nor missed. */
  readonly next: number;
  /** The next time to look. */
  readonly look: number;
}

/** What decides which runs are due. */
export interface Moment {
  /** The first run that is neither started nor missed. */
  readonly next: number;
  readonly now: number;
  readonly missed: Missed;
  /** Since when this process has had the queue open. */
  readonly since: number;
}

/** Returns the runs of a schedule that are due. */
export function dueRuns(times: Times, moment: Moment): DueRuns {
  const { next, now, missed, since } = moment;
  if (next > now) return { runs: [], next, look: next };
  if (missed === "all") {
    const runs: number[] = [];
    let run = next;
    for (; run <= now && runs.length < MOST_RUNS; run = times.next(run)) {
      runs.push(run);
    }
    return { runs, next: run, look: run };
  }
  // Only the last one is looked for: there may be a million before.
  const last = Math.max(times.last(now), next);
  const following = times.next(Math.max(last, now));
  const tooLate = last + TOLERANCE + 1;
  if (missed === "skip" && now < tooLate && last < since) {
    // It is missed, unless another process has the queue open and starts it yet.
    return { runs: [], next, look: Math.min(tooLate, following) };
  }
  const runs = missed === "skip" && now >= tooLate ? [] : [last];
  return { runs, next: following, look: following };
}
