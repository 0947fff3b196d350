/** Delayed jobs that are due. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { Line } from "../subjects.ts";
import type { Delivery } from "./delivery.ts";
import type { NatsJob } from "./nats_job.ts";
import { addInOrder } from "./queue_order.ts";

/** After how many milliseconds in which no other job has come jobs go back. */
const IDLE = 100;

/** What the due jobs need of their queue. */
export interface DueJobsParts<T> {
  /** See `JobFeed`. */
  isNext(delivery: Delivery): boolean;
  /** Called with each job that is the next one. */
  next(job: NatsJob<T>): void;
}

/**
 * Delayed jobs have a line of their own. One that is due waits here until the jobs
 * of its priority that were put before it have come, so that all of them are
 * handed out in order of arrival.
 */
export class DueJobs<T> {
  readonly #parts: DueJobsParts<T>;
  readonly #loop = getRunningLoop();
  /** In the order of the queue. */
  readonly #jobs: NatsJob<T>[] = [];
  #timer: TimerHandle | undefined = undefined;
  /** Whether another job has come since the timer was set. */
  #moves = false;

  constructor(parts: DueJobsParts<T>) {
    this.#parts = parts;
  }

  get jobs(): readonly NatsJob<T>[] {
    return this.#jobs;
  }

  /** Whether a job of this line waits here. */
  hasOf(line: Line): boolean {
    return this.#jobs.some(({ delivery }) => delivery.line === line);
  }

  add(job: NatsJob<T>): void {
    addInOrder(this.#jobs, job);
    this.#timer ??= this.#loop.callLater(IDLE, () => this.#look());
  }

  /** Called when other jobs have come, or there are none. */
  moved(): void {
    if (this.#jobs.length === 0) return;
    this.#moves = true;
    const { isNext, next } = this.#parts;
    for (const job of this.#jobs.splice(0)) {
      if (!isNext(job.delivery)) this.#jobs.push(job);
      else if (job.state === "leased") next(job);
    }
  }

  #look(): void {
    this.#timer = undefined;
    if (this.#jobs.length === 0) return;
    if (!this.#moves) return this.clear();
    this.#moves = false;
    this.#timer = this.#loop.callLater(IDLE, () => this.#look());
  }

  /** Gives back all jobs. */
  clear(): void {
    this.#timer?.cancel();
    this.#timer = undefined;
    for (const job of this.#jobs.splice(0)) job.handBack();
  }
}
