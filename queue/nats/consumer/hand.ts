/** Jobs that have come and are not handed out yet. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Clock } from "../transport/deadline.ts";
import type { NatsJob } from "./nats_job.ts";
import { addInOrder } from "./queue_order.ts";

/** After how many milliseconds without a call of `get` jobs go back. */
const IDLE = 100;

/** For how many milliseconds of work jobs are fetched ahead. */
const AHEAD = 10;

/** How many jobs are fetched ahead, at most. */
const MOST_AHEAD = 200;

/** The lowest rate at which jobs are fetched ahead, in jobs per millisecond. */
const LEAST_RATE = 1;

/** Over how many milliseconds the rate is measured. */
const WINDOW = 20;

/** How fast jobs are handed out. */
class Pace {
  readonly #clock: Clock;
  #since: number;
  #count = 0;
  /** Jobs per millisecond. */
  rate = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
    this.#since = clock.now();
  }

  add(): void {
    this.#count++;
    const now = this.#clock.now();
    const passed = now - this.#since;
    if (passed < WINDOW) return;
    const rate = this.#count / passed;
    this.rate = passed > 10 * WINDOW ? 0 : (this.rate + rate) / 2;
    this.#since = now;
    this.#count = 0;
  }
}

/**
 * Jobs that have come and wait for a call of `get`: the most urgent one first, and
 * in order of arrival. If jobs are handed out fast, some are fetched ahead. Jobs
 * that stay too long go back, for another process.
 */
export class Hand<T> {
  readonly #jobs: NatsJob<T>[] = [];
  readonly #ids = new Set<number>();
  readonly #loop = getRunningLoop();
  readonly #pace: Pace;
  #timer: TimerHandle | undefined = undefined;
  /** Whether a job was taken since the timer was set. */
  #moves = false;

  constructor(clock: Clock) {
    this.#pace = new Pace(clock);
  }

  get size(): number {
    return this.#jobs.length;
  }

  /** How many jobs are worth fetching ahead. */
  get ahead(): number {
    const { rate } = this.#pace;
    if (rate < LEAST_RATE) return 0;
    return Math.min(Math.floor(rate * AHEAD), MOST_AHEAD);
  }

  has(sequence: number): boolean {
    return this.#ids.has(sequence);
  }

  get jobs(): readonly NatsJob<T>[] {
    return this.#jobs;
  }

  add(job: NatsJob<T>): void {
    addInOrder(this.#jobs, job);
    this.#ids.add(job.delivery.sequence);
    this.#timer ??= this.#loop.callLater(IDLE, () => this.#look());
  }

  /** Takes the first job whose lease has not run out. */
  take(): NatsJob<T> | undefined {
    for (let job = this.#jobs.shift(); job; job = this.#jobs.shift()) {
      this.#ids.delete(job.delivery.sequence);
      this.#moves = true;
      this.#pace.add();
      if (job.state === "leased") return job;
    }
    return undefined;
  }

  /** Counts a job that was handed out without waiting here. */
  passed(): void {
    this.#pace.add();
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#jobs.length === 0) return;
    if (this.#moves) {
      this.#moves = false;
      this.#timer = this.#loop.callLater(IDLE, () => this.#look());
    } else this.clear();
  }

  /** Gives back all jobs. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#ids.clear();
    for (const job of this.#jobs.splice(0)) job.handBack();
  }
}
