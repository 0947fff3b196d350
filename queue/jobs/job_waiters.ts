/** Who waits for jobs. @module */
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import type { Waiter } from "../../tasks/kernel/wait/waiter.ts";
import { QueueShutDownError } from "../errors.ts";
import type { Job } from "./jobs.ts";

/** Where the jobs come from that are waited for. */
export interface JobSource<T> {
  /** The next job, if there is one right now; throws where none can be had. */
  take(): Job<T> | undefined;
  /** Somebody has begun to wait. */
  wanted(): void;
  /** The kind of wait it is. */
  readonly Waiter: new (
    // deno-lint-ignore no-explicit-any -- as of Place.leave
    line: WaitQueue<any>,
    options?: WaitOptions,
    // deno-lint-ignore no-explicit-any -- as of Place.leave
  ) => Waiter<any>;
}

/** Ends the waits of an iteration that was left. */
const LEFT = new QueueShutDownError("the iteration was left");

/** Those who wait for a job, first come, first served; and iterations. */
export class JobWaiters<T> {
  readonly #line = new WaitQueue<Job<T>>("Jobs.get");
  readonly #source: JobSource<T>;
  #error: unknown = undefined;

  constructor(source: JobSource<T>) {
    this.#source = source;
  }

  /** How many wait. */
  get size(): number {
    return this.#line.size;
  }

  get(options?: WaitOptions): Promise<Job<T>> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#error !== undefined) return readyError(this.#error);
    try {
      const job = this.#source.take();
      return job === undefined ? this.#stand(options).promise : ready(job);
    } catch (error) {
      return readyError(error);
    }
  }

  #stand(options?: WaitOptions): Waiter<Job<T>> {
    const waiter = new this.#source.Waiter(this.#line, options);
    this.#line.add(waiter);
    this.#source.wanted();
    return waiter;
  }

  /** Gives `job` to the first that waits; false where nobody does. */
  give(job: Job<T>): boolean {
    return this.#line.wake(job);
  }

  /** Lets all that wait, and all that will, fail with `error`. */
  close(error: unknown): void {
    this.#error ??= error;
    this.#line.failAll(error);
  }

  /** Lets all that wait now fail with `error`. */
  fail(error: unknown): void {
    this.#line.failAll(error);
  }

  /** Takes jobs until the queue is closed. */
  iterate(): AsyncIterator<Job<T>, undefined> {
    const waiting = new Set<Waiter<Job<T>>>();
    let left = false;
    const next = async (): Promise<IteratorResult<Job<T>, undefined>> => {
      const rejection = checkpointIfCancelled();
      if (rejection !== undefined) return await rejection;
      if (left) return await ready(DONE);
      const job = this.#error === undefined ? this.#source.take() : undefined;
      if (job !== undefined) return await ready({ done: false, value: job });
      if (this.#error !== undefined) {
        return await ended(readyError(this.#error));
      }
      const waiter = this.#stand();
      waiting.add(waiter);
      try {
        return await ended(waiter.promise);
      } finally {
        waiting.delete(waiter);
      }
    };
    return {
      next: () => ignoreCancelRejection(next()),
      return() {
        left = true;
        for (const waiter of waiting) waiter.fail(LEFT);
        return ready(DONE);
      },
    };
  }
}

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/** A step of an iteration, of which a closed queue is the end. */
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

/** The error of whatever is asked of a queue that was closed. */
export function closedError(
  asked: string,
  options?: { item: unknown },
): QueueShutDownError {
  return new QueueShutDownError(
    `${asked} a queue of jobs that is closed`,
    options,
  );
}
