/** @module */
import { createTask } from "../../tasks/create_task.ts";
import { isCancelled } from "../../tasks/kernel/errors.ts";
import type { Task } from "../../tasks/task.ts";
import { wait } from "../../tasks/wait.ts";
import { QueueShutDownError } from "../errors.ts";
import { leaseLost, LeaseLostError } from "./errors.ts";
import { Heartbeat } from "./_heartbeat.ts";
import type { Job, Jobs } from "./jobs.ts";

/** What is done with a job. */
export interface WorkSpec<T> {
  readonly handler: (value: T, job: Job<T>) => unknown;
  readonly backoff: (attempt: number) => number;
  readonly onError: ((error: unknown, job: Job<T>) => void) | undefined;
}

/** A cancelled handler is given this long at least to end. */
const LAST_CHANCE = 100;

/** A handler that runs. */
interface RunningJob<T> {
  readonly job: Job<T>;
  readonly task: Task<void>;
}

/**
 * The workers of one call of `work`. Each is a task that takes a job, lets the
 * handler run in another, and settles the job. They do not end with the task
 * that called `work`, but when they are told to.
 */
export class Workers<T> {
  readonly #jobs: Jobs<T>;
  readonly #duty: WorkSpec<T>;
  readonly #taking = new AbortController();
  readonly #shifts = new Set<RunningJob<T>>();

  constructor(jobs: Jobs<T>, duty: WorkSpec<T>) {
    this.#jobs = jobs;
    this.#duty = duty;
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
    for (const worker of workers) {
      if (!worker.done || worker.cancelled) continue;
      const error = worker.exception();
      if (error !== undefined) failures.push(error);
    }
    if (failures.length > 0) throw failures[0];
  }

  async #worker(): Promise<void> {
    const { signal } = this.#taking;
    while (!signal.aborted) {
      let job: Job<T>;
      try {
        job = await this.#jobs.get({ signal });
      } catch (error) {
        if (error === signal.reason) return;
        if (error instanceof QueueShutDownError) return;
        throw error;
      }
      // One that came with the call to end was not asked for any more.
      await (signal.aborted ? giveBack(job) : this.#run(job));
    }
  }

  async #run(job: Job<T>): Promise<void> {
    const { handler } = this.#duty;
    const task = createTask(async () => {
      await handler(job.value, job);
    }, { name: `job ${job.id}` });
    const shift = { job, task };
    this.#shifts.add(shift);
    const heartbeat = new Heartbeat(
      job,
      () => task.cancel("the lease is lost"),
    );
    let failure: { error: unknown } | undefined;
    try {
      await task;
    } catch (error) {
      failure = { error };
    }
    heartbeat.stop();
    try {
      await this.#settle(shift, failure);
    } catch (error) {
      await giveBack(job); // what onError or backoff threw came in between
      throw error;
    } finally {
      this.#shifts.delete(shift);
    }
  }

  async #settle(
    shift: RunningJob<T>,
    failure: { error: unknown } | undefined,
  ): Promise<void> {
    const { job } = shift;
    const settle = this.#verdict(shift, failure);
    if (settle === undefined || job.state === "settled") return;
    try {
      await settle();
    } catch (error) {
      if (error instanceof QueueShutDownError) return; // it went back
      if (!(error instanceof LeaseLostError)) throw error;
      this.#duty.onError?.(error, job);
    }
  }

  /** How the job is to be settled; not at all, where `onError` has done so. */
  #verdict(
    { job, task }: RunningJob<T>,
    failure: { error: unknown } | undefined,
  ): (() => Promise<void>) | undefined {
    const { onError, backoff } = this.#duty;
    if (failure === undefined) return () => job.done();
    const { error } = failure;
    if (job.state === "lost") {
      return () => Promise.reject(leaseLost(job, { cause: error }));
    }
    if (isCancelled(error) && task.cancelling > 0) { // it did not fail
      return () => job.release();
    }
    onError?.(error, job);
    if (job.state === "settled") return undefined;
    const delay = backoff(job.attempt);
    return () => job.retry(delay, error);
  }

  /** Lets the workers end: by themselves, by a cancel, or without them. */
  async #end(workers: Task<void>[], grace: number): Promise<void> {
    this.#taking.abort();
    if (await haveEnded(workers, grace)) return;
    for (const { task } of this.#shifts) task.cancel("the work is to end");
    const lastChance = Math.max(grace, LAST_CHANCE);
    if (await haveEnded(workers, lastChance)) return;
    const left = [...this.#shifts].map(({ job }) => job);
    const returned = left.map((job) => createTask(() => giveBack(job)));
    await haveEnded(returned, lastChance);
  }
}

/** Whether all have ended within `ms`; a cancel ends the wait for it. */
async function haveEnded(tasks: Task<void>[], ms: number): Promise<boolean> {
  if (tasks.every((task) => task.done)) return true;
  try {
    await wait(tasks, { timeout: ms });
  } catch (error) {
    if (!isCancelled(error)) throw error;
  }
  return tasks.every((task) => task.done);
}

async function giveBack(job: Job<unknown>): Promise<void> {
  try {
    if (job.state === "leased") await job.release();
  } catch {
    // Lost or settled meanwhile: it is no concern of ours any more.
  }
}
