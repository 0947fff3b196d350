/** The workers of one call of `work`. @module */
import { createTask } from "../../tasks/create_task.ts";
import { getRunningLoop } from "../../tasks/event_loop.ts";
import { isCancelled } from "../../tasks/kernel/errors.ts";
import { LinkedList } from "../../tasks/kernel/linked_list.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { QueuedWaiter, WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { Task } from "../../tasks/task.ts";
import { moveOnAfter } from "../../tasks/timeout.ts";
import { wait } from "../../tasks/wait.ts";
import { QueueShutDownError } from "../errors.ts";
import {
  Attempt,
  type AttemptParts,
  giveBack,
  type HandlerSpec,
} from "./_attempt.ts";
import { type Heartbeat, Heartbeats } from "./_heartbeat.ts";
import type { Job } from "./job.ts";
import type { Jobs } from "./jobs.ts";
import {
  type LimitedGetOptions,
  type LimitingQueue,
  LIMITS,
  type Limits,
  LIMITS_ENDED,
} from "./limits.ts";

/** What workers do with jobs. */
export interface WorkSpec<T> extends HandlerSpec<T> {
  readonly limits: Limits | undefined;
  /** How many jobs are handled together, and for how long they are collected. */
  readonly batch: { readonly size: number; readonly time: number };
}

/** How long at least a cancelled handler has to end, in milliseconds. */
const LAST_CHANCE_MS = 100;

/**
 * The workers of one call of `work`. Each is a task that takes a job, or a batch,
 * runs the handler in another task, and settles the jobs. A cancel of the task
 * that called `work` does not cancel them: {@linkcode Workers.work} ends them.
 */
export class Workers<T> {
  readonly #jobs: Jobs<T>;
  readonly #spec: WorkSpec<T>;
  readonly #taking = new AbortController();
  readonly #parts: AttemptParts<T>;

  constructor(jobs: Jobs<T>, spec: WorkSpec<T>) {
    this.#jobs = jobs;
    this.#spec = spec;
    this.#parts = {
      queue: jobs,
      spec,
      heartbeats: new Heartbeats(),
      running: new LinkedList(),
    };
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
    this.#parts.heartbeats.stopAll();
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
    const { limits, batch } = this.#spec;
    const options: LimitedGetOptions = { signal, [LIMITS]: limits };
    while (!signal.aborted) {
      const jobs: Job<T>[] = [];
      try {
        jobs.push(await this.#jobs.get(options));
        if (batch.size > 1) await this.#collect(jobs, options);
      } catch (error) {
        const ends = error === signal.reason ||
          error instanceof QueueShutDownError;
        if (!ends) {
          await giveBack(jobs);
          throw error;
        }
      }
      if (jobs.length === 0) return;
      // A job may be lost, by a cancel for example, while a batch is collected.
      const held = jobs.filter(({ state }) => state === "leased");
      if (held.length === 0) continue;
      // A job that arrives together with the request to end goes back.
      await (signal.aborted ? giveBack(held) : this.#attempt(held));
    }
  }

  /** Adds jobs until the batch is full, or its time is over. */
  async #collect(jobs: Job<T>[], options: LimitedGetOptions): Promise<void> {
    const { size, time } = this.#spec.batch;
    const beats: (Heartbeat | undefined)[] = [];
    try {
      await moveOnAfter(time, async () => {
        while (jobs.length < size) {
          // The leases are extended while the batch is collected.
          beats.push(this.#parts.heartbeats.start(jobs.at(-1)!, () => {}));
          jobs.push(await this.#jobs.get(options));
        }
      });
    } finally {
      for (const beat of beats) beat?.stop();
    }
  }

  #attempt(jobs: Job<T>[]): Promise<void> {
    return new Attempt(jobs, this.#parts).run();
  }

  /**
   * Ends the workers: lets running handlers finish, then cancels them, and at last
   * gives back their jobs without them.
   */
  async #end(workers: Task<void>[], grace: number): Promise<void> {
    this.#taking.abort();
    if (await haveEnded(workers, grace)) return;
    const { running } = this.#parts;
    for (const attempt of running) {
      attempt.cancel("the work is to end", this.#taking.signal.reason);
    }
    const lastChance = Math.max(grace, LAST_CHANCE_MS);
    if (await haveEnded(workers, lastChance)) return;
    const left = Array.from(running, ({ jobs }) => jobs);
    const returned = left.map((jobs) => createTask(() => giveBack(jobs)));
    await haveEnded(returned, lastChance);
  }
}

/** A wait with a limit of its own: cancelled code that is in it is not stuck. */
class GraceWaiter extends QueuedWaiter<void> {
  override get hasOwnLimit(): boolean {
    return true;
  }

  override get endsAtOnce(): boolean {
    return true;
  }
}

/** Resolves to whether all have ended within `ms`; a cancel ends the wait. */
async function haveEnded(tasks: Task<void>[], ms: number): Promise<boolean> {
  const running = tasks.filter((task) => !task.done);
  if (running.length === 0) return true;
  const waits = new WaitQueue<void, GraceWaiter>("work");
  let left = running.length;
  const ended = () => {
    if (--left === 0) waits.wakeAll();
  };
  for (const task of running) task.addDoneCallback(ended);
  const timer = getRunningLoop().callLater(ms, () => waits.wakeAll());
  try {
    await (checkpointIfCancelled() ?? waits.add(new GraceWaiter()));
  } catch (error) {
    if (!isCancelled(error)) throw error;
  } finally {
    timer.cancel();
    for (const task of running) task.removeDoneCallback(ended);
  }
  return running.every((task) => task.done);
}
