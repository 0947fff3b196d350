/** @module */
import {
  checkMilliseconds,
  describe,
  requireOptions,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { fullJitter } from "./backoff.ts";
import { Workers } from "./_workers.ts";
import type { Job } from "./job.ts";
import type { Jobs } from "./jobs.ts";
import { QUEUE } from "./queue_name.ts";

/** The options of {@linkcode work}. */
export interface WorkOptions<T> extends WaitOptions {
  /** How many handlers run at a time; 1 by default. */
  concurrency?: number | undefined;
  /**
   * Milliseconds until a job that failed is tried again, by the number of the
   * attempt that failed: 1, 2, ...; {@linkcode fullJitter} by default.
   */
  backoff?: ((attempt: number) => number) | undefined;
  /**
   * Milliseconds that running handlers have to finish when the work is to end;
   * 10 000 by default.
   */
  grace?: number | undefined;
  /**
   * Milliseconds that an attempt may take; no limit by default. After that the
   * handler is cancelled, and the attempt has failed with a `TimeoutError`.
   */
  timeout?: number | undefined;
  /**
   * At most `limit` jobs are begun within any `interval` milliseconds, by all
   * workers of the queue that have a `rateLimit`, in all processes together.
   */
  rateLimit?: { limit: number; interval: number } | undefined;
  /**
   * How many jobs of one `key` run at a time, over all workers of the queue, in
   * all processes. A job that waits for its key holds up no others. Jobs without a
   * key are not limited.
   */
  keyConcurrency?: number | undefined;
  /**
   * Called with the error of each attempt that failed, before the job is tried
   * again or given up, and with each {@linkcode LeaseLostError}. If it throws, the
   * work ends with that error.
   */
  onError?: ((error: unknown, job: Job<T>) => void) | undefined;
}

/**
 * Takes jobs and calls `handler` with batches of them.
 *
 * @example
 * ```ts
 * import { memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
 * import { createTask, run } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const rows: number[][] = [];
 *
 * await run(async () => {
 *   await using jobs = memoryJobs<number>();
 *   await jobs.putMany([1, 2, 3, 4, 5].map((value) => ({ value })));
 *   const worker = createTask(() =>
 *     work(jobs, (values) => void rows.push(values), {
 *       batch: { size: 3, time: 20 },
 *     })
 *   );
 *   await jobs.join();
 *   worker.cancel();
 * });
 * assertEquals(rows, [[1, 2, 3], [4, 5]]);
 * ```
 */
export function work<T>(
  jobs: Jobs<T>,
  handler: (values: T[], jobs: Job<T>[]) => unknown,
  options: WorkOptions<T> & { batch: { size: number; time: number } },
): Promise<void>;
/**
 * Takes jobs and calls `handler` with each, until it is cancelled or the queue is
 * closed.
 *
 * - If a handler returns, its job is done; what it returns is the job's
 *   {@linkcode Jobs.result}. If it throws, the job is tried again later
 *   (`backoff`), here or in another process; after the last attempt it becomes a
 *   dead letter with the error. A handler may also settle the job itself, with
 *   `job.fail(reason)`, `job.retry(delay)` or `job.done()`.
 * - While a handler runs, the lease of its job is extended, three times in its
 *   length, so a handler may take as long as it needs. If the lease is lost all
 *   the same, because the queue cannot be reached, the handler is cancelled: the
 *   job may belong to another worker.
 * - Each call is a task of its own; at most `concurrency` run at a time.
 * - With `batch`, the handler gets up to `size` jobs at a time: those that come
 *   within `time` milliseconds of the first, without those that are cancelled
 *   meanwhile. If it throws, the jobs that it has not settled are tried again.
 * - When `work` is cancelled (by Ctrl-C or SIGTERM in a `run`, for example), or
 *   its signal aborts, it takes no more jobs, and lets running handlers finish
 *   within `grace`. Then it cancels them and gives their jobs back at once, which
 *   is no attempt. If a handler ignores the cancel, its job is given back after
 *   another `grace` (100 ms at least), and `work` ends without it. A second cancel
 *   ends the first of these times, a third one the other.
 *
 * **Cancel safety:** no job is lost, and none waits until its lease runs out.
 * `work` ends only with the queue, unless it is cancelled.
 *
 * @param handler Called with the value and the job; with `batch`, with a list of
 * each.
 * @throws {RangeError} A number is out of range.
 * @throws {TypeError} `handler` is not a function, or `jobs` cannot limit.
 * @throws {CancelledError} The task was cancelled.
 * @throws The signal's reason, when it aborts; or the error that `backoff`,
 * `onError` or taking a job throws.
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
  options?: WorkOptions<T>,
): Promise<void>;
export function work<T>(
  jobs: Jobs<T>,
  // deno-lint-ignore no-explicit-any -- one of the two above
  handler: (values: any, jobs: any) => unknown,
  options: WorkOptions<T> & { batch?: { size: number; time: number } } = {},
): Promise<void> {
  try {
    checkWork(jobs, handler, options);
  } catch (error) {
    return Promise.reject(error);
  }
  const { concurrency = 1, grace = 10_000, backoff = fullJitter } = options;
  const { batch, timeout = Infinity } = options;
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const { signal, onError, rateLimit: rate, keyConcurrency } = options;
  const workers = new Workers(jobs, {
    handle: batch === undefined
      ? ([job]) => handler(job!.value, job)
      : (jobs) => handler(jobs.map(({ value }) => value), jobs),
    backoff,
    onError,
    limits: rate === undefined && keyConcurrency === undefined
      ? undefined
      : { rate, keyConcurrency },
    timeout,
    batch: batch ?? { size: 1, time: 0 },
    single: batch === undefined,
  });
  return composite(() => workers.work({ signal, concurrency, grace }));
}

function checkWork<T>(
  jobs: Jobs<T>,
  handler: unknown,
  options: WorkOptions<T> & { batch?: { size: number; time: number } },
): void {
  if (typeof (jobs as Jobs<T> | null | undefined)?.get !== "function") {
    throw new TypeError(
      `Cannot work: expected a queue of jobs, as in work(jobs, handler), received ${
        describe(jobs)
      }`,
    );
  }
  checkFunction(handler, "Cannot work: the handler is a function of a value");
  requireOptions(options, "work");
  const { concurrency = 1, grace = 0, timeout = 0, batch } = options;
  checkWhole(concurrency, "Cannot work: concurrency");
  checkMilliseconds(grace, "Cannot work: the grace");
  checkMilliseconds(timeout, "Cannot work: the timeout");
  if (batch !== undefined) {
    checkWhole(batch?.size, "Cannot work: the size of a batch");
    checkMilliseconds(batch.time, "Cannot work: the time of a batch");
  }
  const { backoff = fullJitter, onError } = options;
  checkFunction(backoff, "Cannot work: backoff is a function of an attempt");
  if (onError !== undefined) {
    checkFunction(onError, "Cannot work: onError is a function of an error");
  }
  checkLimits(jobs, options);
}

function checkFunction(value: unknown, what: string): void {
  if (typeof value === "function") return;
  throw new TypeError(`${what}, received ${describe(value)}`);
}

function checkLimits<T>(
  jobs: Jobs<T>,
  { rateLimit, keyConcurrency }: WorkOptions<T>,
): void {
  if (rateLimit !== undefined) {
    checkWhole(rateLimit?.limit, "Cannot work: the limit of a rateLimit");
    const { interval } = rateLimit;
    checkMilliseconds(interval, "Cannot work: the interval of a rateLimit");
    if (!(interval > 0 && interval < Infinity)) {
      throw new RangeError(
        `Cannot work: the interval of a rateLimit is more than 0 milliseconds, received ${interval}`,
      );
    }
  }
  if (keyConcurrency !== undefined) {
    checkWhole(keyConcurrency, "Cannot work: keyConcurrency");
  }
  if (rateLimit === undefined && keyConcurrency === undefined) return;
  if (QUEUE in jobs) return;
  throw new TypeError(
    "Cannot limit the work: the queue is not one of memoryJobs or natsJobs",
  );
}

function checkWhole(value: unknown, subject: string): void {
  if (Number.isInteger(value) && value as number >= 1) return;
  throw new RangeError(
    `${subject} is a whole number of at least 1, received ${describe(value)}`,
  );
}
