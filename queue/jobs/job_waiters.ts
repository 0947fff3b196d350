/** Waits for jobs: calls of `get`, and steps of iterations. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import {
  done,
  type PullCalls,
  PullIterator,
} from "../../tasks/kernel/wait/pull_iterator.ts";
import { QueuedWaiter, WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import { QueueShutDownError } from "../errors.ts";
import type { Job } from "./job.ts";
import { type Limits, limitsOf } from "./limits.ts";

/** The queue that the jobs come from. */
export interface JobSource<T> {
  /** Returns the next job within the limits, if there is one now; may throw. */
  take(limits: Limits | undefined): Job<T> | undefined;
  /** Called when a wait has begun. */
  wanted(): void;
  /** Whether there is nothing to take, whatever the limits. */
  readonly empty: boolean;
  /** Takes back a job for which no wait is left. */
  handBack(job: Job<T>): void;
  /** Whether jobs come from outside of this process. */
  readonly external: boolean;
}

/** A wait for a job. */
abstract class JobWaiter<T> extends QueuedWaiter<unknown> {
  readonly limits: Limits | undefined;

  constructor(options?: WaitOptions) {
    super(options);
    this.limits = limitsOf(options);
  }

  /** Ends the wait with `job`; returns `false` if it had ended before. */
  abstract give(job: Job<T>): boolean;
}

class Get<T> extends JobWaiter<T> {
  give(job: Job<T>): boolean {
    return this.wake(job);
  }
}

/** A call of `next` that waits. */
class Next<T> extends JobWaiter<T> {
  readonly #calls: PullCalls;

  constructor(calls: PullCalls) {
    super();
    this.#calls = calls;
    calls.add(this);
  }

  give(job: Job<T>): boolean {
    return this.wake({ done: false, value: job });
  }

  /** A closed queue ends the iteration. */
  override fail(error: unknown): boolean {
    const isClosed = error instanceof QueueShutDownError;
    return isClosed ? this.wake(done()) : super.fail(error);
  }

  protected override leave(): void {
    super.leave();
    this.#calls.delete(this);
  }
}

/** The waits for jobs of one queue, first come, first served. */
export class JobWaiters<T> implements Iterable<JobWaiter<T>> {
  readonly #waiters: WaitQueue<unknown, JobWaiter<T>>;
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

  /** The wait that began first. */
  get first(): JobWaiter<T> | undefined {
    return this.#waiters.first;
  }

  /** The waits in their order. The one at hand may end meanwhile. */
  *[Symbol.iterator](): Iterator<JobWaiter<T>> {
    let waiter = this.first;
    while (waiter !== undefined) {
      const next = waiter.nextInQueue as JobWaiter<T> | undefined;
      yield waiter;
      waiter = next;
    }
  }

  get(options?: WaitOptions): Promise<Job<T>> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#error !== undefined) return readyError(this.#error);
    try {
      const job = this.#source.take(limitsOf(options));
      if (job !== undefined) return ready(job);
      return this.#add(new Get<T>(options)) as Promise<Job<T>>;
    } catch (error) {
      return readyError(error);
    }
  }

  #add(waiter: JobWaiter<T>): Promise<unknown> {
    this.#waiters.add(waiter);
    this.#source.wanted();
    return waiter.promise;
  }

  /** Takes jobs until the queue is closed. */
  iterate(): AsyncIterator<Job<T>, undefined> {
    return new JobIterator({
      take: () => {
        if (this.#error === undefined) return this.#source.take(undefined);
        throw this.#error;
      },
      wait: (calls) => this.#add(new Next(calls)),
    });
  }

  /** Hands out jobs as long as there are any within the limits of a wait. */
  serve(): void {
    const source = this.#source;
    const exhausted = new Set<Limits | undefined>();
    let waiter = this.first;
    while (waiter !== undefined && !source.empty) {
      const { limits } = waiter;
      const next = waiter.nextInQueue as JobWaiter<T> | undefined;
      const job = exhausted.has(limits) ? undefined : source.take(limits);
      if (job === undefined) exhausted.add(limits);
      // `take` may run code of the user, which may end this wait, and the next.
      else if (!waiter.give(job) && !this.give(job, limits)) {
        return source.handBack(job);
      }
      waiter = next?.pending === false ? this.first : next;
    }
  }

  /** How many wait with these limits. */
  count(limits: Limits | undefined): number {
    let count = 0;
    for (const waiter of this) if (waiter.limits === limits) count++;
    return count;
  }

  /**
   * Ends the first wait with these limits with `job`, which was taken within them;
   * returns `false` if there is no such wait.
   */
  give(job: Job<T>, limits: Limits | undefined): boolean {
    for (const waiter of this) {
      if (waiter.limits === limits && waiter.give(job)) return true;
    }
    return false;
  }

  /** Lets all waits, and all later ones, reject with `error`. */
  close(error: unknown): void {
    this.#error ??= error;
    this.#waiters.failAll(error);
  }

  /** Lets all present waits reject with `error`. */
  fail(error: unknown): void {
    this.#waiters.failAll(error);
  }
}

/** What an iteration does at each step. */
interface JobSteps<T> {
  /** Returns a job if there is one now; throws if the queue is closed. */
  take(): Job<T> | undefined;
  /** Adds a {@linkcode Next}, and waits for its end. */
  wait(calls: PullCalls): Promise<unknown>;
}

class JobIterator<T> extends PullIterator<Job<T>> {
  readonly #steps: JobSteps<T>;

  constructor(steps: JobSteps<T>) {
    super();
    this.#steps = steps;
  }

  protected override take(): IteratorResult<Job<T>, undefined> | undefined {
    try {
      const job = this.#steps.take();
      return job === undefined ? undefined : { done: false, value: job };
    } catch (error) {
      if (error instanceof QueueShutDownError) return done();
      throw error;
    }
  }

  protected override wait(
    calls: PullCalls,
  ): Promise<IteratorResult<Job<T>, undefined>> {
    return this.#steps.wait(calls) as Promise<
      IteratorResult<Job<T>, undefined>
    >;
  }
}
