/** Waits for jobs. @module */
import { QueuedWaiter, WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { QueueShutDownError } from "../errors.ts";
import type { Job } from "./job.ts";
import { type Limits, limitsOf } from "./limits.ts";

/** Where the jobs come from that are waited for. */
export interface JobSource<T> {
  /** The next job within the limits, if there is one now; may throw. */
  take(limits: Limits | undefined): Job<T> | undefined;
  /** A wait has begun. */
  wanted(): void;
  /** Whether there is nothing to take, whatever the limits. */
  readonly empty: boolean;
  /** Takes back a job for which no wait is left. */
  handBack(job: Job<T>): void;
  /** Whether jobs come from outside of this process. */
  readonly external: boolean;
}

/** A wait for a job. */
class JobWaiter<T> extends QueuedWaiter<Job<T>> {
  readonly limits: Limits | undefined;

  constructor(options?: WaitOptions) {
    super(options);
    this.limits = limitsOf(options);
  }
}

/** Ends the waits of an iteration that was left. */
const LEFT = new QueueShutDownError("the iteration was left");

/** The waits for a job, first come, first served; and iterations. */
export class JobWaiters<T> {
  readonly #waiters: WaitQueue<Job<T>, JobWaiter<T>>;
  readonly #source: JobSource<T>;
  #error: unknown = undefined;

  constructor(source: JobSource<T>) {
    this.#source = source;
    this.#waiters = new WaitQueue("Jobs.get", { external: source.external });
  }

  /** How many wait. */
  get size(): number {
    return this.#waiters.size;
  }

  /** The one that has waited longest; the others follow it in the line. */
  get first(): JobWaiter<T> | undefined {
    return this.#waiters.first;
  }

  get(options?: WaitOptions): Promise<Job<T>> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#error !== undefined) return readyError(this.#error);
    try {
      const job = this.#source.take(limitsOf(options));
      return job === undefined ? this.#wait(options).promise : ready(job);
    } catch (error) {
      return readyError(error);
    }
  }

  #wait(options?: WaitOptions): JobWaiter<T> {
    const waiter = new JobWaiter<T>(options);
    this.#waiters.add(waiter);
    this.#source.wanted();
    return waiter;
  }

  /** Hands out jobs as long as there are any within the limits of a wait. */
  serve(): void {
    const source = this.#source;
    const without = new Set<Limits | undefined>();
    for (let it = this.first; it !== undefined && !source.empty;) {
      const { limits } = it;
      const next = it.nextInQueue as JobWaiter<T> | undefined;
      const job = without.has(limits) ? undefined : source.take(limits);
      if (job === undefined) without.add(limits);
      // What `take` calls may have ended the wait: then the next one gets it.
      else if (!it.wake(job) && !this.give(job)) return source.handBack(job);
      it = next?.pending === false ? this.first : next;
    }
  }

  /** Gives `job` to the first that waits; false if none does. */
  give(job: Job<T>): boolean {
    return this.#waiters.wake(job);
  }

  /** Lets all waits, and all to come, fail with `error`. */
  close(error: unknown): void {
    this.#error ??= error;
    this.#waiters.failAll(error);
  }

  /** Lets all present waits fail with `error`. */
  fail(error: unknown): void {
    this.#waiters.failAll(error);
  }

  /** Takes jobs until the queue is closed. */
  iterate(): AsyncIterator<Job<T>, undefined> {
    const waiting = new Set<JobWaiter<T>>();
    let left = false;
    const next = async (): Promise<IteratorResult<Job<T>, undefined>> => {
      const rejection = checkpointIfCancelled();
      if (rejection !== undefined) return await rejection;
      if (left) return await ready(DONE);
      if (this.#error !== undefined) {
        return await ended(readyError(this.#error));
      }
      const job = this.#source.take(undefined);
      if (job !== undefined) return await ready({ done: false, value: job });
      const waiter = this.#wait();
      waiting.add(waiter);
      try {
        return await ended(waiter.promise);
      } finally {
        waiting.delete(waiter);
      }
    };
    return {
      next: () => composite(() => next()),
      return() {
        left = true;
        for (const waiter of waiting) waiter.fail(LEFT);
        return ready(DONE);
      },
    };
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** A step of an iteration: a closed queue ends it. */
async function ended<T>(
  wait: Promise<Job<T>>,
): Promise<IteratorResult<Job<T>, undefined>> {
  try {
    return { done: false, value: await wait };
  } catch (error) {
    if (error instanceof QueueShutDownError) return DONE;
    throw error;
  }
}
