/** A leased job. @module */

/** The state of a {@linkcode Job} for its holder. */
export type JobState = "leased" | "settled" | "lost";

/**
 * A leased job: it belongs to its holder until the lease runs out.
 *
 * A job is settled once, by `done`, `retry`, `release` or `fail`. A settlement that
 * has begun is carried out, also if the task that waits for it is cancelled.
 *
 * @typeParam T What the job is.
 */
export interface Job<T> {
  /** What was put. Every attempt gets a copy of its own. */
  readonly value: T;
  /** The id it was put with, or a random one: the same in every attempt. */
  readonly id: string;
  /** 1 for the first attempt. A `release` does not count as one. */
  readonly attempt: number;
  /** Milliseconds that the lease lasts, from its start or the last `extend`. */
  readonly lease: number;
  /**
   * `"leased"` while the job belongs to its holder; then `"settled"`, or
   * `"lost"` if the lease ran out, the job was cancelled or the queue was closed
   * before.
   */
  readonly state: JobState;
  /**
   * Aborts when the job no longer belongs to its holder: its lease is lost, it
   * was cancelled, its queue was closed, or its time in `work` is over. Pass it to
   * functions that take a signal, such as `fetch`.
   *
   * @example
   * ```ts
   * import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
   * import { assert } from "@std/assert";
   *
   * await using jobs = memoryJobs<string>();
   * await jobs.put("a", { id: "1" });
   * const job = await jobs.get();
   * await jobs.cancel("1");
   * assert(job.signal.aborted);
   * ```
   */
  readonly signal: AbortSignal;
  /**
   * Settles the job as done: it does not come again.
   *
   * **Cancel safety:** a cancel ends the wait, not the settlement.
   *
   * @param result What {@linkcode Jobs.result} resolves to for this job, as JSON; a
   * value that JSON cannot express is kept as `undefined`.
   * @throws {RangeError} The result is longer than the queue takes, and nothing has
   * changed. In `work`, that attempt has failed.
   * @throws {LeaseLostError} The job is no longer held, and nothing has changed;
   * or the queue has not confirmed the settlement before the lease ran out.
   * @throws {CancelledError} The task was cancelled.
   */
  done(result?: unknown): Promise<void>;
  /**
   * Gives the job back, to be tried again. After its last attempt it becomes a
   * dead letter instead.
   *
   * **Cancel safety:** a cancel ends the wait, not the settlement.
   *
   * @param delay Milliseconds until the job may be taken again; 0 by default.
   * @param reason Why; kept if the job becomes a dead letter.
   * @throws {LeaseLostError} The job is no longer held, as for `done`.
   * @throws {RangeError} `delay` is `NaN`.
   * @throws {CancelledError} The task was cancelled.
   */
  retry(delay?: number, reason?: unknown): Promise<void>;
  /**
   * Gives the job back as if it had never been taken, for a worker that has to
   * end. The job may be taken again at once, and this was no attempt.
   *
   * **Cancel safety:** a cancel ends the wait, not the settlement.
   *
   * @throws {LeaseLostError} The job is no longer held, as for `done`.
   * @throws {CancelledError} The task was cancelled.
   */
  release(): Promise<void>;
  /**
   * Gives the job up: it becomes a dead letter with the reason.
   *
   * **Cancel safety:** a cancel ends the wait, not the settlement.
   *
   * @param reason An error, or a text.
   * @throws {LeaseLostError} The job is no longer held, as for `done`.
   * @throws {CancelledError} The task was cancelled.
   */
  fail(reason: unknown): Promise<void>;
  /**
   * Restarts the lease. `work` does so by itself.
   *
   * **Cancel safety:** a cancel ends the wait, not the extension.
   *
   * @throws {LeaseLostError} The job is no longer held, as for `done`.
   * @throws {CancelledError} The task was cancelled.
   */
  extend(): Promise<void>;
  /**
   * Reports how far the job is. {@linkcode Jobs.list} shows the last report of
   * the attempt under way.
   *
   * **Cancel safety:** a cancel ends the wait, not the report.
   *
   * @param progress A number, a text, an object: whatever JSON can express.
   * @throws {LeaseLostError} The job is no longer held, as for `done`.
   * @throws {TypeError} JSON cannot express `progress`.
   * @throws {RangeError} It is longer than the queue takes.
   * @throws {CancelledError} The task was cancelled.
   */
  report(progress: unknown): Promise<void>;
}
