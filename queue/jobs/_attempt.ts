/** One call of a handler. @module */
import { createTask } from "../../tasks/create_task.ts";
import { getRunningLoop } from "../../tasks/event_loop.ts";
import { gather } from "../../tasks/gather.ts";
import { isCancelled, TimeoutError } from "../../tasks/kernel/errors.ts";
import type { LinkedList, LinkedNode } from "../../tasks/kernel/linked_list.ts";
import type { Task } from "../../tasks/task.ts";
import { timeout } from "../../tasks/timeout.ts";
import { QueueShutDownError } from "../errors.ts";
import { leaseLost, LeaseLostError, type Loss } from "./errors.ts";
import type { Heartbeat, Heartbeats } from "./_heartbeat.ts";
import { HeldJob } from "./held_job.ts";
import type { Job } from "./job.ts";
import { processed } from "./telemetry.ts";

/** What is done with jobs. */
export interface HandlerSpec<T> {
  /** Calls the handler, with one job or a batch. */
  readonly handle: (jobs: Job<T>[]) => unknown;
  readonly backoff: (attempt: number) => number;
  readonly onError: ((error: unknown, job: Job<T>) => void) | undefined;
  /** Milliseconds that an attempt may take. */
  readonly timeout: number;
  /** Whether the handler gets one job, whose result it returns. */
  readonly single: boolean;
}

/** What the attempts of one call of `work` share. */
export interface AttemptParts<T> {
  /** The queue that the jobs are from. */
  readonly queue: object;
  readonly spec: HandlerSpec<T>;
  readonly heartbeats: Heartbeats;
  /** The attempts that are under way. */
  readonly running: LinkedList<Attempt<T>>;
}

/** How a handler has ended. */
interface Ended {
  readonly failed: boolean;
  /** What it has returned, or thrown. */
  readonly value: unknown;
}

/**
 * Runs the handler with a job, or a batch, in a task of its own. Meanwhile it
 * extends the leases; then it settles the jobs.
 */
export class Attempt<T> implements LinkedNode<Attempt<T>> {
  previousSibling: Attempt<T> | undefined = undefined;
  nextSibling: Attempt<T> | undefined = undefined;
  readonly jobs: Job<T>[];
  readonly #parts: AttemptParts<T>;
  readonly #task: Task<unknown>;
  readonly #beats: (Heartbeat | undefined)[];
  /** How many jobs are not lost. */
  #held: number;
  /** Why the handler was cancelled by the end of the work. */
  #ending: unknown = undefined;

  constructor(jobs: Job<T>[], parts: AttemptParts<T>) {
    this.jobs = jobs;
    this.#parts = parts;
    this.#held = jobs.length;
    const name = jobs.length === 1
      ? `job ${jobs[0]!.id}`
      : `batch of ${jobs.length} jobs`;
    this.#task = createTask(() => this.#handle(), { name });
    this.#beats = jobs.map((job) => this.#guard(job));
  }

  /** Waits for the end of the handler, and settles the jobs. */
  async run(): Promise<void> {
    const { jobs } = this;
    const { running } = this.#parts;
    running.add(this);
    let ended: Ended;
    try {
      ended = { failed: false, value: await this.#task };
    } catch (error) {
      ended = { failed: true, value: error };
    }
    for (const beat of this.#beats) beat?.stop();
    try {
      if (jobs.length === 1) await this.#settle(jobs[0]!, ended);
      else await gather(jobs.map((job) => () => this.#settle(job, ended)));
    } catch (error) {
      await giveBack(jobs); // after an error of `onError` or `backoff`
      throw error;
    } finally {
      running.remove(this);
    }
  }

  /** Cancels the handler, and aborts the signals of its jobs with `reason`. */
  cancel(message: string, reason: unknown): void {
    this.#ending = reason;
    this.#task.cancel(message);
    abort(this.jobs, reason);
  }

  /** Calls the handler, within its time limit. */
  #handle(): unknown {
    const { queue, spec } = this.#parts;
    const call = () => processed(queue, this.jobs, spec.handle);
    return spec.timeout === Infinity
      ? call()
      : this.#handleWithin(spec.timeout, call);
  }

  async #handleWithin(ms: number, call: () => unknown): Promise<unknown> {
    // The handler may wait for something that ends only by the signal.
    const late = getRunningLoop().callLater(ms, () => {
      const reason = new TimeoutError(`the job took longer than ${ms} ms`);
      abort(this.jobs, reason);
    });
    try {
      return await timeout(ms, async () => await call());
    } finally {
      late.cancel();
    }
  }

  /** Extends the lease; cancels the handler when all its jobs are lost. */
  #guard(job: Job<T>): Heartbeat | undefined {
    const { heartbeats } = this.#parts;
    if (!(job instanceof HeldJob)) {
      return heartbeats.start(job, () => this.#lost("the lease is lost"));
    }
    const beat = heartbeats.start(job, loseExpired);
    job.onLost = (loss) => {
      beat?.stop();
      this.#jobLost(loss);
    };
    return beat;
  }

  #jobLost(loss: Loss): void {
    if (loss === "closed") return; // the handler may finish
    this.#lost(
      loss === "cancelled" ? "the job was cancelled" : "the lease is lost",
    );
  }

  #lost(why: string): void {
    this.#held--;
    if (this.#held === 0) this.#task.cancel(why);
  }

  async #settle(job: Job<T>, ended: Ended): Promise<void> {
    const settle = this.#settlementFor(job, ended);
    if (settle === undefined || job.state === "settled") return;
    try {
      await settle();
    } catch (error) {
      if (error instanceof QueueShutDownError) return; // the job went back
      if (error instanceof RangeError && !ended.failed) {
        // Its result is too long for the queue.
        return await this.#settle(job, { failed: true, value: error });
      }
      if (!(error instanceof LeaseLostError)) throw error;
      this.#parts.spec.onError?.(error, job);
    }
  }

  /** Returns what settles the job; `undefined` if it needs no settlement. */
  #settlementFor(
    job: Job<T>,
    { failed, value }: Ended,
  ): (() => Promise<void>) | undefined {
    const { onError, backoff, single } = this.#parts.spec;
    if (isCancelledJob(job)) return undefined;
    if (!failed) return () => job.done(single ? value : undefined);
    if (job.state === "lost") {
      return () => Promise.reject(leaseLost(job, { cause: value }));
    }
    if (this.#hasGivenUp(value)) return () => job.release();
    onError?.(value, job);
    if (job.state === "settled") return undefined;
    const delay = backoff(job.attempt);
    return () => job.retry(delay, value);
  }

  /**
   * Whether the handler has ended with `error` because it was cancelled, which is
   * no failure. What it waits for may know the cancel by the signal of the job.
   */
  #hasGivenUp(error: unknown): boolean {
    if (this.#task.cancelling === 0) return false;
    if (isCancelled(error)) return true;
    return this.#ending !== undefined &&
      (error === this.#ending || isAbort(error));
  }
}

/** Whether it is the error of a function whose signal has aborted. */
function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === "AbortError";
}

function loseExpired(job: Job<unknown>): void {
  (job as HeldJob<unknown>).lose("expired");
}

/** Gives the jobs back that are still leased. */
export async function giveBack(jobs: Job<unknown>[]): Promise<void> {
  for (const job of jobs) {
    try {
      if (job.state === "leased") await job.release();
    } catch {
      // The job was lost or settled meanwhile.
    }
  }
}

function abort(jobs: Job<unknown>[], reason: unknown): void {
  for (const job of jobs) if (job instanceof HeldJob) job.abort(reason);
}

function isCancelledJob(job: Job<unknown>): boolean {
  return job instanceof HeldJob && job.loss === "cancelled";
}
