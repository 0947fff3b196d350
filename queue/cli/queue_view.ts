/** What the commands and the page show of a queue. @module */
import type { DeadLetter, JobInfo, StoredJobState } from "../jobs/jobs.ts";
import { openQueue } from "../nats/nats_jobs.ts";
import type { NatsJobs } from "../nats/nats_queue.ts";
import {
  checkNatsOptions,
  type NatsJobsOptions,
} from "../nats/nats_options.ts";

/** All states, in the order in which they are shown. */
export const STATES: readonly StoredJobState[] = [
  "waiting",
  "delayed",
  "leased",
  "dead",
];

/** A job as it is shown. */
export interface ShownJob extends JobInfo<unknown> {
  /** Why it is dead. */
  readonly reason?: string;
  /** Since when it is dead. */
  readonly date?: Date;
}

/** What has become of dead letters, by their ids. */
export interface Retried {
  /** Those that are in the queue again. */
  readonly back: string[];
  /** Those that stay, as a job with their id is in the queue. */
  readonly stayed: string[];
}

/** A queue, as the commands and the page use it. */
export class QueueView implements AsyncDisposable {
  readonly #jobs: NatsJobs<unknown>;

  private constructor(jobs: NatsJobs<unknown>) {
    this.#jobs = jobs;
  }

  /** Opens a queue; rejects if it is not there. */
  static async open(options: NatsJobsOptions): Promise<QueueView> {
    checkNatsOptions(options);
    return new QueueView(await openQueue({ ...options, decode }, false));
  }

  /** Whether the queue is paused, and how many jobs are in each state. */
  async summary(): Promise<
    { paused: boolean; counts: Record<StoredJobState, number> }
  > {
    const counts = await this.#jobs.counts();
    return { paused: await this.#jobs.isPaused(), counts };
  }

  /** The first jobs in one state. */
  async list(state: StoredJobState, limit: number): Promise<ShownJob[]> {
    const found: ShownJob[] = [];
    if (limit === 0) return found;
    const jobs = state === "dead" ? this.#dead() : this.#jobs.list(state);
    for await (const job of jobs) {
      found.push(job);
      if (found.length >= limit) break;
    }
    return found;
  }

  async *#dead(): AsyncGenerator<ShownJob> {
    const letters = this.#jobs.deadLetters();
    for await (const info of this.#jobs.list("dead")) {
      const letter = (await letters.next()).value as
        | DeadLetter<unknown>
        | undefined;
      yield letter?.id === info.id
        ? { ...info, reason: letter.reason, date: letter.date }
        : info;
    }
  }

  /** Finds the job with this id, in any state. */
  async find(id: string): Promise<ShownJob | undefined> {
    for (const state of STATES) {
      const jobs = state === "dead" ? this.#dead() : this.#jobs.list(state);
      for await (const job of jobs) if (job.id === id) return job;
    }
    return undefined;
  }

  /** Puts back all dead letters, or those with `ids`. */
  async retry(ids?: readonly string[]): Promise<Retried> {
    const tried = await this.#eachLetter(ids, (letter) => letter.requeue());
    const left = new Set<string>();
    // One whose id is unique, and taken, is still there.
    if (tried.length > 0) {
      for await (const it of this.#jobs.deadLetters()) left.add(identity(it));
    }
    const [stayed, back] = partition(tried, (it) => left.has(identity(it)));
    return { back: back.map(idOf), stayed: stayed.map(idOf) };
  }

  /** Drops all dead letters, or those with `ids`; resolves to their ids. */
  async drop(ids?: readonly string[]): Promise<string[]> {
    const dropped = await this.#eachLetter(ids, (letter) => letter.drop());
    return dropped.map(idOf);
  }

  async #eachLetter(
    ids: readonly string[] | undefined,
    act: (letter: DeadLetter<unknown>) => Promise<void>,
  ): Promise<DeadLetter<unknown>[]> {
    const wanted = ids && new Set(ids);
    const found: DeadLetter<unknown>[] = [];
    for await (const letter of this.#jobs.deadLetters()) {
      if (wanted !== undefined && !wanted.has(letter.id)) continue;
      await act(letter);
      found.push(letter);
    }
    return found;
  }

  remove(id: string): Promise<boolean> {
    return this.#jobs.remove(id);
  }

  cancel(id: string): Promise<boolean> {
    return this.#jobs.cancel(id);
  }

  async setPaused(paused: boolean): Promise<void> {
    await (paused ? this.#jobs.pause() : this.#jobs.resume());
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#jobs[Symbol.asyncDispose]();
  }
}

function idOf({ id }: DeadLetter<unknown>): string {
  return id;
}

/** What tells a dead letter from another one of the same job. */
function identity({ id, date, attempts }: DeadLetter<unknown>): string {
  return JSON.stringify([id, date, attempts]);
}

function partition<T>(list: T[], test: (it: T) => boolean): [T[], T[]] {
  return [list.filter(test), list.filter((it) => !test(it))];
}

/** Decodes JSON, else text; else returns the bytes. */
function decode(data: Uint8Array): unknown {
  let text: string;
  try {
    text = new TextDecoder("utf-8", { fatal: true }).decode(data);
  } catch {
    return { bytes: Array.from(data) };
  }
  try {
    return JSON.parse(text);
  } catch {
    return text;
  }
}
