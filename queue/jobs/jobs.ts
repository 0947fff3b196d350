/** The interface of all queues of jobs. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import type { Job } from "./job.ts";
import type { PutOptions } from "./options.ts";

/** The state of a job in a queue: `"dead"` is a dead letter. */
export type StoredJobState = "waiting" | "delayed" | "leased" | "dead";

/**
 * A job as {@linkcode Jobs.list} shows it.
 *
 * @typeParam T What the job is.
 */
export interface JobInfo<T> {
  /** The id of the job. */
  readonly id: string;
  /** What was put; `undefined` if it cannot be decoded. */
  readonly value: T | undefined;
  /** Where the job stands. */
  readonly state: StoredJobState;
  /** How many attempts have begun. */
  readonly attempt: number;
  /** How urgent it is; 0 is the most urgent. */
  readonly priority: 0 | 1 | 2 | 3;
  /** The key it was put with. */
  readonly key?: string;
  /** When a delayed job is due. */
  readonly due?: Date;
  /** The last report of the attempt under way. */
  readonly progress?: unknown;
}

/**
 * A queue of jobs. Each job is leased to a worker, and comes again unless the
 * worker confirms in time that the job is done. Made by {@linkcode memoryJobs}, or
 * by `natsJobs` of `./queue/nats`; the same contract holds for both.
 *
 * @typeParam T What the jobs are: anything that `encode` can encode.
 */
export interface Jobs<T> extends AsyncIterable<Job<T>>, AsyncDisposable {
  /**
   * Puts a job into the queue, and waits while the queue is full.
   *
   * **Cancel safety:** given up while the queue is full, it puts nothing. If the
   * queue is on another machine, a job that is on its way when the put is given up
   * may arrive: put it again with the same id, and it is there once.
   *
   * @throws {TypeError} `value` cannot be encoded, or an option is of the wrong
   * type.
   * @throws {RangeError} An option is `NaN`, `priority` is not 0, 1, 2 or 3, or
   * `expires` is not more than 0.
   * @throws {QueueShutDownError} The queue was closed; the error has the value.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   *
   * @example An urgent job, one for later, and one that is there only once
   * ```ts
   * import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
   * import { assertEquals } from "@std/assert";
   *
   * await using jobs = memoryJobs<string>();
   * await jobs.put("report", { priority: 3 });
   * await jobs.put("reminder", { delay: 60_000 });
   * await jobs.put("sync", { id: "sync", unique: "untilDone" });
   * await jobs.put("sync", { id: "sync", unique: "untilDone" }); // is there
   * await jobs.put("alarm", { priority: 0 });
   *
   * const first = await jobs.get();
   * assertEquals(first.value, "alarm");
   * const { waiting, delayed } = await jobs.counts();
   * assertEquals([waiting, delayed], [2, 1]);
   * ```
   */
  put(value: T, options?: PutOptions): Promise<void>;
  /**
   * Puts many jobs, in their order. A job whose id is there already is skipped.
   *
   * It is not atomic: if it rejects, the jobs before the one that failed have
   * been put.
   *
   * **Cancel safety:** given up, some of the jobs may have been put.
   *
   * @param list The jobs: each a `value`, with the options of
   * {@linkcode Jobs.put} beside it.
   * @throws What {@linkcode Jobs.put} throws.
   *
   * @example
   * ```ts
   * import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
   * import { assertEquals } from "@std/assert";
   *
   * await using jobs = memoryJobs<string>();
   * await jobs.putMany([
   *   { value: "a" },
   *   { value: "b", id: "b" },
   *   { value: "b", id: "b" },
   * ]);
   * assertEquals(await jobs.size(), 2);
   * ```
   */
  putMany(
    list: Iterable<{ value: T } & Omit<PutOptions, "signal">>,
    options?: WaitOptions,
  ): Promise<void>;
  /**
   * Takes the next job, on a lease, and waits for one if there is none.
   *
   * **Cancel safety:** given up, it takes no job. A job that was on its way goes
   * to the next `get`, or back to the queue at once; that is no attempt.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  get(options?: WaitOptions): Promise<Job<T>>;
  /**
   * Returns how many jobs are not finished: waiting, delayed and leased ones.
   *
   * **Cancel safety:** given up, it leaves nothing behind.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  size(options?: WaitOptions): Promise<number>;
  /**
   * Waits until no job is waiting, delayed or leased: until each job that was put
   * is done or a dead letter.
   *
   * **Cancel safety:** given up, it leaves nothing behind.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  join(options?: WaitOptions): Promise<void>;
  /**
   * Pauses the queue, for all workers in all processes: no job is handed out
   * until {@linkcode Jobs.resume}. Running jobs go on, and jobs can be put.
   *
   * **Cancel safety:** given up, the queue may be paused or not.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   *
   * @example
   * ```ts
   * import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
   * import { moveOnAfter } from "@asyncio/asyncio/tasks";
   * import { assertEquals } from "@std/assert";
   *
   * await using jobs = memoryJobs<string>();
   * await jobs.put("a");
   * await jobs.pause();
   * assertEquals(await moveOnAfter(5, () => jobs.get()), undefined);
   * await jobs.resume();
   * assertEquals((await jobs.get()).value, "a");
   * ```
   */
  pause(options?: WaitOptions): Promise<void>;
  /**
   * Ends a {@linkcode Jobs.pause}.
   *
   * **Cancel safety:** given up, the queue may be paused or not.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  resume(options?: WaitOptions): Promise<void>;
  /**
   * Returns how many jobs are in each state.
   *
   * **Cancel safety:** given up, it leaves nothing behind.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  counts(options?: WaitOptions): Promise<Record<StoredJobState, number>>;
  /**
   * Iterates over the jobs in one state: waiting ones in the order in which they
   * are taken, delayed ones by the time when they are due, the others oldest
   * first. Jobs that change their state during the iteration may be missing.
   *
   * **Cancel safety:** each `next()` is a wait that can be given up.
   *
   * @throws {TypeError} `state` is none of the four.
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   *
   * @example
   * ```ts
   * import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
   * import { assertEquals } from "@std/assert";
   *
   * await using jobs = memoryJobs<string>();
   * await jobs.put("resize", { id: "1" });
   * const job = await jobs.get();
   * await job.report({ percent: 40 });
   * for await (const { id, attempt, progress } of jobs.list("leased")) {
   *   assertEquals([id, attempt, progress], ["1", 1, { percent: 40 }]);
   * }
   * ```
   */
  list(
    state: StoredJobState,
    options?: WaitOptions,
  ): AsyncIterableIterator<JobInfo<T>>;
  /**
   * Takes the job with this id out of the queue, if it is waiting, delayed or a
   * dead letter. It does not become a dead letter.
   *
   * **Cancel safety:** given up, the job may be removed or not.
   *
   * @returns Whether it was removed; `false` if it is leased, or not there.
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  remove(id: string, options?: WaitOptions): Promise<boolean>;
  /**
   * Takes the job with this id out of the queue, also if it is leased: its
   * `signal` aborts, and its handler in {@linkcode work} gets a
   * `CancelledError`, in whatever process it runs. It does not become a dead
   * letter.
   *
   * **Cancel safety:** given up, the job may be cancelled or not.
   *
   * @returns Whether it was cancelled; `false` if there is no such job.
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  cancel(id: string, options?: WaitOptions): Promise<boolean>;
  /**
   * Waits until the job with this id is done, and resolves to its result: what its
   * handler in {@linkcode work} returned, or what was given to `job.done`.
   *
   * A result is kept for `retention.done` milliseconds. If a job was put without
   * an id and has no result, nothing is kept: only calls that began before it was
   * done resolve, to `undefined`.
   *
   * **Cancel safety:** given up, it leaves nothing behind.
   *
   * @throws {Error} There is no such job, or it is a dead letter: the message has
   * the reason.
   * @throws {CancelledError} The job was cancelled or removed, or the task that
   * waits was cancelled.
   * @throws {QueueShutDownError} The queue was closed.
   * @throws The signal's reason, when it aborts.
   *
   * @example
   * ```ts
   * import { memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
   * import { createTask, run } from "@asyncio/asyncio/tasks";
   * import { assertEquals } from "@std/assert";
   *
   * await run(async () => {
   *   await using jobs = memoryJobs<number>();
   *   const worker = createTask(() => work(jobs, (n) => n * n));
   *   await jobs.put(7, { id: "square" });
   *   assertEquals(await jobs.result("square"), 49);
   *   worker.cancel();
   * });
   * ```
   */
  result(id: string, options?: WaitOptions): Promise<unknown>;
  /**
   * Iterates over the dead letters, oldest first, that are there at the call.
   * Reading removes none.
   *
   * **Cancel safety:** each `next()` is a wait that can be given up.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   *
   * @example Try them once more
   * ```ts
   * import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
   * import { assertEquals } from "@std/assert";
   *
   * await using jobs = memoryJobs<string>();
   * await jobs.put("bake");
   * const job = await jobs.get();
   * await job.fail("no flour");
   *
   * for await (const letter of jobs.deadLetters()) {
   *   assertEquals(letter.reason, "no flour");
   *   await letter.requeue();
   * }
   * assertEquals((await jobs.get()).value, "bake");
   * ```
   */
  deadLetters(options?: WaitOptions): AsyncIterableIterator<DeadLetter<T>>;
  /**
   * Takes jobs until the queue is closed.
   *
   * **Cancel safety:** each `next()` is a wait like {@linkcode Jobs.get}.
   * `return()`, which ends the iteration, also ends a `next()` that waits.
   */
  [Symbol.asyncIterator](): AsyncIterator<Job<T>, undefined>;
  /**
   * Closes the queue for this process: waits reject with a `QueueShutDownError`,
   * iterations end, and the jobs that are leased here go back at once. A queue in
   * memory loses its jobs; on servers they stay.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/**
 * A job that was given up: it has failed, or its attempts are used up.
 *
 * @typeParam T What the job was.
 */
export interface DeadLetter<T> {
  /** What was put; `undefined` if it cannot be decoded. */
  readonly value: T | undefined;
  /** The encoded value. */
  readonly data: Uint8Array;
  /** The id of the job. */
  readonly id: string;
  /** How many attempts have begun. */
  readonly attempts: number;
  /** Why it was given up: the first 500 characters of it. */
  readonly reason: string;
  /** When it was given up. */
  readonly date: Date;
  /**
   * Puts the job back into the queue, at the end, with its id, priority, key and
   * all its attempts, and takes it out of the dead letters. If its id is unique
   * until it is done, and another job with the id is in the queue, it stays a dead
   * letter.
   *
   * **Cancel safety:** as of {@linkcode Jobs.put}; given up, it is still a dead
   * letter.
   *
   * @throws What {@linkcode Jobs.put} throws.
   */
  requeue(options?: WaitOptions): Promise<void>;
  /**
   * Removes the dead letter.
   *
   * **Cancel safety:** given up, the dead letter may be removed or not.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  drop(options?: WaitOptions): Promise<void>;
}
