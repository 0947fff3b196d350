/** The workers of one call of `work`. @module */
import { createTask } from "../../tasks/create_task.ts";
import { isCancelled, TimeoutError } from "../../tasks/kernel/errors.ts";
import { getRunningLoop } from "../../tasks/event_loop.ts";
import { gather } from "../../tasks/gather.ts";
import type { Task } from "../../tasks/task.ts";
import { moveOnAfter, timeout } from "../../tasks/timeout.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { wait } from "../../tasks/wait.ts";
import { QueueShutDownError } from "../errors.ts";
import { leaseLost, LeaseLostError } from "./errors.ts";
import { Heartbeats } from "./_heartbeat.ts";
import { HeldJob } from "./held_job.ts";
import type { Job } from "./job.ts";
import type { Jobs } from "./jobs.ts";
import {
  type LimitedGetOptions,
  type LimitingQueue,
  LIMITS,
  type Limits,
  LIMITS_ENDED,
} from "./limits.ts";
import { processed } from "./telemetry.ts";

/** What workers do with jobs. */
export interface WorkSpec<T> {
  /** Calls the handler, with one job or a batch. */
  readonly handle: (jobs: Job<T>[]) => unknown;
  readonly backoff: (attempt: number) => number;
  readonly onError: ((error: unknown, job: Job<T>) => void) | undefined;
  readonly limits: Limits | undefined;
  /** Milliseconds that an attempt may take. */
  readonly timeout: number;
  /** How many jobs are handled together, and for how long they are collected. */
  readonly batch: { readonly size: number; readonly time: number };
  /** Whether the handler gets one job, whose result it returns. */
  readonly single: boolean;
}

/** How long at least a cancelled handler has to end, in milliseconds. */
const LAST_CHANCE_MS = 100;

/** A running handler, and its jobs. */
interface RunningJobs<T> {
  readonly jobs: Job<T>[];
  readonly task: Task<unknown>;
}

/**
 * The workers of one call of `work`. Each is a task that takes a job, or a batch,
 * runs the handler in another task, and settles the jobs. A cancel of the task
 * that called `work` does not cancel them: {@linkcode Workers.work} ends them.
 */
export class Workers<T> {
  readonly #jobs: Jobs<T>;
  readonly #spec: WorkSpec<T>;
  readonly #taking = new AbortController();
  readonly #running = new Set<RunningJobs<T>>();
  readonly #heartbeats = new Heartbeats();

  constructor(jobs: Jobs<T>, spec: WorkSpec<T>) {
    this.#jobs = jobs;
    this.#spec = spec;
  }

  async work(
    { signal, concurrency, grace }: {
      signal: AbortSignal | undefined;
      concurrency: number;
      grace: number;
    },
  ): Promise<void> {
    const workers = Array.from(
      { length: concurrency },
      (_, i) => createTask(() => this.#worker(), { name: `worker ${i + 1}` }),
    );
    const failures: unknown[] = [];
    try {
      await wait(workers, { signal, returnWhen: "FIRST_EXCEPTION" });
    } catch (reason) {
      failures.push(reason);
    }
    await this.#end(workers, grace);
    this.#heartbeats.stopAll();
    const { limits } = this.#spec;
    if (limits) (this.#jobs as LimitingQueue)[LIMITS_ENDED]?.(limits);
    for (const worker of workers) {
      if (!worker.done || worker.cancelled) continue;
      const error = worker.exception();
      if (error !== undefined) failures.push(error);
    }
    if (failures.length > 0) throw failures[0];
  }

  async #worker(): Promise<void> {
    const { signal } = this.#taking;
    const { limits } = this.#spec;
    const options: LimitedGetOptions = { signal, [LIMITS]: limits };
    while (!signal.aborted) {
      const jobs = await this.#take(options);
      if (jobs.length === 0) return;
      // A job that arrives together with the request to end goes back.
      await (signal.aborted ? giveBack(jobs) : this.#run(jobs));
    }
  }

  /** Resolves to the next jobs; to none if the work or the queue has ended. */
  async #take(options: WaitOptions): Promise<Job<T>[]> {
    const { size, time } = this.#spec.batch;
    const jobs: Job<T>[] = [];
    try {
      jobs.push(await this.#jobs.get(options));
      if (size > 1) {
        await moveOnAfter(time, async () => {
          while (jobs.length < size) {
            // The leases are extended while the batch is collected.
            this.#heartbeats.start(jobs.at(-1)!, () => {});
            jobs.push(await this.#jobs.get(options));
          }
        });
      }
    } catch (error) {
      const ends = error === options.signal?.reason ||
        error instanceof QueueShutDownError;
      if (!ends) {
        await giveBack(jobs);
        throw error;
      }
    } finally {
      for (const job of jobs) this.#heartbeats.stop(job);
    }
    return jobs;
  }

  async #run(jobs: Job<T>[]): Promise<void> {
    const name = jobs.length === 1
      ? `job ${jobs[0]!.id}`
      : `batch of ${jobs.length} jobs`;
    const task = createTask(() => this.#handle(jobs), { name });
    const running = { jobs, task };
    this.#running.add(running);
    this.#guard(running);
    let failure: { error: unknown } | undefined;
    let result: unknown;
    try {
      result = await task;
    } catch (error) {
      failure = { error };
    }
    for (const job of jobs) this.#heartbeats.stop(job);
    if (!this.#spec.single) result = undefined;
    try {
      const [job] = jobs;
      if (jobs.length === 1) await this.#settle(job!, task, failure, result);
      else {
        await gather(
          jobs.map((job) => () => this.#settle(job, task, failure, result)),
        );
      }
    } catch (error) {
      await giveBack(jobs); // after an error of `onError` or `backoff`
      throw error;
    } finally {
      this.#running.delete(running);
    }
  }

  /** Calls the handler, within its time limit. */
  async #handle(jobs: Job<T>[]): Promise<unknown> {
    const { handle, timeout: ms } = this.#spec;
    const call = () => processed(this.#jobs, jobs, () => handle(jobs));
    if (ms === Infinity) return await call();
    // The handler may wait for something that ends only by the signal.
    const late = getRunningLoop().callLater(ms, () => {
      const reason = new TimeoutError(`the job took longer than ${ms} ms`);
      abort(jobs, reason);
    });
    try {
      return await timeout(ms, async () => await call());
    } finally {
      late.cancel();
    }
  }

  /** Extends the leases; cancels the handler when all its jobs are lost. */
  #guard({ jobs, task }: RunningJobs<T>): void {
    let left = jobs.length;
    const lost = (why: string) => {
      if (--left === 0) task.cancel(why);
    };
    for (const job of jobs) {
      if (!(job instanceof HeldJob)) {
        this.#heartbeats.start(job, () => lost("the lease is lost"));
        continue;
      }
      this.#heartbeats.start(job, () => job.lose("expired"));
      job.onLost = (loss) => {
        this.#heartbeats.stop(job);
        if (loss === "closed") return; // the handler may finish
        lost(
          loss === "cancelled" ? "the job was cancelled" : "the lease is lost",
        );
      };
    }
  }

  async #settle(
    job: Job<T>,
    task: Task<unknown>,
    failure: { error: unknown } | undefined,
    result: unknown,
  ): Promise<void> {
    const settle = this.#settlementFor(job, task, failure, result);
    if (settle === undefined || job.state === "settled") return;
    try {
      await settle();
    } catch (error) {
      if (error instanceof QueueShutDownError) return; // the job went back
      if (!(error instanceof LeaseLostError)) throw error;
      this.#spec.onError?.(error, job);
    }
  }

  /** Returns what settles the job; `undefined` if it needs no settlement. */
  #settlementFor(
    job: Job<T>,
    task: Task<unknown>,
    failure: { error: unknown } | undefined,
    result: unknown,
  ): (() => Promise<void>) | undefined {
    const { onError, backoff } = this.#spec;
    if (job.state === "lost" && isCancelledJob(job)) return undefined;
    if (failure === undefined) return () => job.done(result);
    const { error } = failure;
    if (job.state === "lost") {
      return () => Promise.reject(leaseLost(job, { cause: error }));
    }
    if (isCancelled(error) && task.cancelling > 0) { // that is no failure
      return () => job.release();
    }
    onError?.(error, job);
    if (job.state === "settled") return undefined;
    const delay = backoff(job.attempt);
    return () => job.retry(delay, error);
  }

  /**
   * Ends the workers: lets running handlers finish, then cancels them, and at last
   * gives back their jobs without them.
   */
  async #end(workers: Task<void>[], grace: number): Promise<void> {
    this.#taking.abort();
    if (await haveEnded(workers, grace)) return;
    for (const { task, jobs } of this.#running) {
      task.cancel("the work is to end");
      abort(jobs, this.#taking.signal.reason);
    }
    const lastChance = Math.max(grace, LAST_CHANCE_MS);
    if (await haveEnded(workers, lastChance)) return;
    const left = [...this.#running].map(({ jobs }) => jobs);
    const returned = left.map((jobs) => createTask(() => giveBack(jobs)));
    await haveEnded(returned, lastChance);
  }
}

/** Resolves to whether all have ended within `ms`; a cancel ends the wait. */
async function haveEnded(tasks: Task<void>[], ms: number): Promise<boolean> {
  if (tasks.every((task) => task.done)) return true;
  try {
    await wait(tasks, { timeout: ms });
  } catch (error) {
    if (!isCancelled(error)) throw error;
  }
  return tasks.every((task) => task.done);
}

async function giveBack(jobs: Job<unknown>[]): Promise<void> {
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
