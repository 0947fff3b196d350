/** Limits that all workers of a queue share. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** At most `limit` jobs are begun within any `interval` milliseconds. */
export interface Rate {
  readonly limit: number;
  readonly interval: number;
}

/** The limits of a worker. */
export interface Limits {
  readonly rate: Rate | undefined;
  /** How many jobs of one key run at a time. */
  readonly keyConcurrency: number | undefined;
}

/** Key of the option by which `work` hands its limits to `get`. */
export const LIMITS: unique symbol = Symbol("limits");

/** Key of the method of a queue that is called when limited work has ended. */
export const LIMITS_ENDED: unique symbol = Symbol("limits ended");

/** A queue that holds back jobs for limited workers. */
export interface LimitingQueue {
  [LIMITS_ENDED]?(limits: Limits): void;
}

/** A `get` with limits. */
export interface LimitedGetOptions extends WaitOptions {
  [LIMITS]?: Limits | undefined;
}

/** The limits of a `get`. */
export function limitsOf(options: WaitOptions | undefined): Limits | undefined {
  return (options as LimitedGetOptions | undefined)?.[LIMITS];
}

/** The times at which jobs were begun, which limited workers share. */
export class RateLog {
  /** Oldest first. */
  readonly times: number[];
  /** The longest interval that was asked for. */
  longest: number;

  constructor(times: number[] = [], longest = 0) {
    this.times = times;
    this.longest = longest;
  }

  /** Returns the milliseconds until one more may begin; 0 if it may now. */
  wait({ limit, interval }: Rate, now: number): number {
    this.longest = Math.max(this.longest, interval);
    const { times } = this;
    const last = times[times.length - limit];
    return last === undefined ? 0 : Math.max(last + interval - now, 0);
  }

  /** Notes that `count` begin now. */
  add(now: number, count = 1): void {
    const { times } = this;
    let old = 0;
    while (old < times.length && times[old]! + this.longest <= now) old++;
    if (old > 0) times.splice(0, old);
    for (let i = 0; i < count; i++) times.push(now);
  }
}
