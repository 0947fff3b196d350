/** @module */
import {
  checkMilliseconds,
  describe,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { fullJitter } from "./backoff.ts";
import { Workers } from "./_workers.ts";
import type { Job, Jobs } from "./jobs.ts";

/** How to {@linkcode work}. */
export interface WorkOptions<T> extends WaitOptions {
  /** How many jobs run at a time; 1 unless given. */
  concurrency?: number | undefined;
  /**
   * Milliseconds until a job that failed is tried again, by the attempt that
   * failed: 1, 2, ... Unless given, {@linkcode fullJitter}.
   */
  backoff?: ((attempt: number) => number) | undefined;
  /**
   * Milliseconds that running handlers are given to finish when the work is to
   * end; 10 000 unless given.
   */
  grace?: number | undefined;
  /**
   * Told of every attempt that went wrong: with the handler's error, before the
   * job is tried again or given up, or with a {@linkcode LeaseLostError}. What
   * it throws ends the work.
   */
  onError?: ((error: unknown, job: Job<T>) => void) | undefined;
}

/**
 * Takes jobs and calls `handler` with each, until it is cancelled or the queue
 * is closed.
 *
 * - A handler that returns has done its job. One that throws is called again,
 *   later (`backoff`), here or elsewhere; after the last attempt the job goes
 *   to the dead letters, with the error. A handler that knows better calls
 *   `job.fail(reason)`, `job.retry(delay)` or `job.done()` itself, and returns.
 * - While it runs, its lease is extended, three times a lease: it may take as
 *   long as it likes. If the lease is lost all the same, as the queue cannot be
 *   reached, the handler is cancelled: somebody else has the job by now.
 * - Each call is a task of its own; at most `concurrency` run at a time.
 * - When `work` is cancelled (by Ctrl-C in a `run`, for one), or its signal
 *   aborts, it takes no more jobs, and lets those that run finish within
 *   `grace`. Then it cancels them, and gives their jobs back at once, which
 *   counts as no attempt. A handler that ignores that as well is left alone
 *   after another `grace` (100 ms at least), and its job is given back, too. A
 *   second cancel ends the first of these times, a third one the other.
 *
 * **Cancel safety:** no job is lost, and none waits for its lease to run out.
 * As long as it is not cancelled, it ends only with the queue.
 *
 * @param handler Gets the value, and the job around it.
 * @throws {RangeError} `concurrency` is not a whole number of at least 1, or
 * `grace` is `NaN`.
 * @throws {TypeError} `handler` is no function.
 * @throws {CancelledError} The task was cancelled.
 * @throws The signal's reason, when it aborts. What `backoff` or `onError`
 * throws, or taking a job does.
 *
 * @example
 * ```ts
 * import { memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
 * import { createTask, run } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const sizes = new Map<string, number>();
 *
 * await run(async () => {
 *   await using jobs = memoryJobs<string>();
 *   const worker = createTask(() =>
 *     work(jobs, (word, { attempt }) => {
 *       if (attempt === 1) throw new Error("a bad start");
 *       sizes.set(word, word.length);
 *     }, { concurrency: 4, backoff: () => 5 })
 *   );
 *   for (const word of ["to", "be", "not"]) await jobs.put(word);
 *   await jobs.join();
 *   worker.cancel();
 * });
 * assertEquals(sizes.size, 3);
 * ```
 */
export function work<T>(
  jobs: Jobs<T>,
  handler: (value: T, job: Job<T>) => unknown,
  options: WorkOptions<T> = {},
): Promise<void> {
  const { concurrency = 1, grace = 10_000, backoff = fullJitter } = options;
  try {
    if (typeof handler !== "function") {
      throw new TypeError(
        `a handler is a function of a job's value, found ${describe(handler)}`,
      );
    }
    if (!Number.isInteger(concurrency) || concurrency < 1) {
      throw new RangeError(
        `concurrency is a whole number of at least 1, found ${
          describe(concurrency)
        }`,
      );
    }
    checkMilliseconds(grace, "the grace");
  } catch (error) {
    return Promise.reject(error);
  }
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const { signal, onError } = options;
  const crew = new Workers(jobs, { handler, backoff, onError });
  return ignoreCancelRejection(crew.work({ signal, concurrency, grace }));
}
