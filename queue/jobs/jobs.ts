/** What every queue of jobs is, wherever it keeps them. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** How a queue of jobs works; what is left out is as it says. */
// deno-lint-ignore no-explicit-any -- options without codec fit jobs of any kind
export interface JobsOptions<T = any> {
  /**
   * How many jobs the queue holds at most, those that wait and those that are
   * leased; 0 or less for no bound, which is the default. Dead letters do not
   * count.
   */
  maxSize?: number | undefined;
  /**
   * Milliseconds for which a job is its worker's own; 30 000 unless given. A
   * job that is neither settled nor extended by then comes again.
   */
  lease?: number | undefined;
  /**
   * How often a job is tried; 5 unless given, `Infinity` for ever. After that
   * it goes to the dead letters.
   */
  maxAttempts?: number | undefined;
  /**
   * Milliseconds for which the queue remembers the ids of the jobs that were
   * put; 120 000 unless given. A second put of the same id within that time
   * puts nothing.
   */
  window?: number | undefined;
  /** How a value becomes bytes, or a text; as JSON unless given. */
  encode?: ((value: T) => Uint8Array | string) | undefined;
  /** How bytes become a value; from JSON unless given. */
  decode?: ((data: Uint8Array) => T) | undefined;
}

/** How a job is put. */
export interface PutOptions extends WaitOptions {
  /**
   * What tells the job from all others; unless given, one that is new. A job
   * whose id was put within the queue's `window` is there already: putting it
   * again does nothing, also when it is done.
   */
  id?: string | undefined;
  /** Milliseconds before the job may be taken. */
  delay?: number | undefined;
}

/**
 * A queue whose items survive the process that took them: each is leased to a
 * worker, and comes again unless the worker says in time that it is done. Made
 * by {@linkcode memoryJobs}, or by `natsJobs` of `./queue/nats`; the same
 * contract holds for both.
 *
 * @typeParam T What the jobs are: anything that `encode` can write.
 */
export interface Jobs<T> extends AsyncIterable<Job<T>>, AsyncDisposable {
  /**
   * Puts a job in, and waits for that while the queue is full.
   *
   * **Cancel safety:** given up while the queue is full, nothing was put. Where
   * the queue is on another machine, a put that is given up on its way may have
   * arrived: put it again with the same id, and it is put once.
   *
   * @throws {TypeError} `value` cannot be encoded.
   * @throws {RangeError} `delay` is `NaN`.
   * @throws {QueueShutDownError} The queue was closed; the error has the value.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  put(value: T, options?: PutOptions): Promise<void>;
  /**
   * Takes the next job, on a lease, and waits for one while there is none.
   *
   * **Cancel safety:** given up, it takes no job: one that was on its way goes
   * to the next `get`, or back to the queue at once, and is not counted as an
   * attempt.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  get(options?: WaitOptions): Promise<Job<T>>;
  /**
   * How many jobs are in the queue and not finished: those that wait, those
   * that are delayed, and those that are leased.
   *
   * **Cancel safety:** given up, it leaves nothing behind.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  size(options?: WaitOptions): Promise<number>;
  /**
   * Waits until nothing waits and nothing is leased: every job that was put is
   * done, or a dead letter.
   *
   * **Cancel safety:** given up, it leaves nothing behind.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  join(options?: WaitOptions): Promise<void>;
  /**
   * The jobs that were given up, oldest first: those that there are when it is
   * called. Reading takes none away.
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
   * Closes this end of the queue: who waits gets a `QueueShutDownError`,
   * iterations end, and the jobs that are still leased here go back at once.
   * What a queue in memory holds is gone; elsewhere it stays.
   */
  [Symbol.asyncDispose](): Promise<void>;
}

/** What has become of a {@linkcode Job}. */
export type JobState = "leased" | "settled" | "lost";

/**
 * One job, leased: its holder's own until the lease runs out.
 *
 * It is settled once, by `done`, `retry`, `release` or `fail`. Once begun, that
 * is carried out, whoever is cancelled.
 *
 * @typeParam T What the job is.
 */
export interface Job<T> {
  /** What was put. Every attempt gets a copy of its own. */
  readonly value: T;
  /** What it was put with, or an id of its own: the same in every attempt. */
  readonly id: string;
  /**
   * The first, second, ... time that it is tried. What was given back with
   * `release` does not count.
   */
  readonly attempt: number;
  /** Milliseconds that the lease lasts, from the start or the last `extend`. */
  readonly lease: number;
  /**
   * `"leased"` while it is its holder's own; then `"settled"`, or `"lost"`,
   * when the lease ran out, or the queue was closed, before.
   */
  readonly state: JobState;
  /**
   * Says that it is done: it will not come again.
   *
   * **Cancel safety:** a cancel ends the wait, not what was begun.
   *
   * @throws {LeaseLostError} It is not held any more, and nothing has changed;
   * or nobody has confirmed it before the lease ran out.
   * @throws {CancelledError} The task was cancelled.
   */
  done(): Promise<void>;
  /**
   * Gives it back, to be tried again; after its last attempt it goes to the
   * dead letters instead.
   *
   * **Cancel safety:** a cancel ends the wait, not what was begun.
   *
   * @param delay Milliseconds until it may be taken again; 0 unless given.
   * @param reason Why; kept where it becomes a dead letter.
   * @throws {LeaseLostError} It is not held any more, as of `done`.
   * @throws {RangeError} `delay` is `NaN`.
   * @throws {CancelledError} The task was cancelled.
   */
  retry(delay?: number, reason?: unknown): Promise<void>;
  /**
   * Gives it back as if it had never been taken: for a worker that has to go.
   * It may be taken again at once, and this was no attempt.
   *
   * **Cancel safety:** a cancel ends the wait, not what was begun.
   *
   * @throws {LeaseLostError} It is not held any more, as of `done`.
   * @throws {CancelledError} The task was cancelled.
   */
  release(): Promise<void>;
  /**
   * Gives it up: it goes to the dead letters, with the reason.
   *
   * **Cancel safety:** a cancel ends the wait, not what was begun.
   *
   * @param reason An error, or words.
   * @throws {LeaseLostError} It is not held any more, as of `done`.
   * @throws {CancelledError} The task was cancelled.
   */
  fail(reason: unknown): Promise<void>;
  /**
   * Starts the lease anew. `work` does so by itself.
   *
   * **Cancel safety:** a cancel ends the wait, not what was begun.
   *
   * @throws {LeaseLostError} It is not held any more, as of `done`.
   * @throws {CancelledError} The task was cancelled.
   */
  extend(): Promise<void>;
}

/**
 * A job that was given up.
 *
 * @typeParam T What the job was.
 */
export interface DeadLetter<T> {
  /** What was put; `undefined` where that is what could not be decoded. */
  readonly value: T | undefined;
  /** What was put, as it was encoded. */
  readonly data: Uint8Array;
  /** The id of the job. */
  readonly id: string;
  /** How often it was tried. */
  readonly attempts: number;
  /** Why it was given up. */
  readonly reason: string;
  /** When it was given up. */
  readonly date: Date;
  /**
   * Puts it back into the queue, with its id, at the end and with all its
   * attempts, and takes it out of the dead letters.
   *
   * **Cancel safety:** as of {@linkcode Jobs.put}; given up, it is still here.
   *
   * @throws What {@linkcode Jobs.put} throws.
   */
  requeue(options?: WaitOptions): Promise<void>;
  /**
   * Takes it out of the dead letters, for good.
   *
   * **Cancel safety:** given up, it may be gone or not.
   *
   * @throws {QueueShutDownError} The queue was closed.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  drop(options?: WaitOptions): Promise<void>;
}
