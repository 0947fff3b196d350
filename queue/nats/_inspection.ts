/** Looking into a queue on NATS, and taking jobs out of it. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { type Codec, EXPIRED } from "../jobs/codec.ts";
import { decodedOrNothing, settled } from "../jobs/codec_wait.ts";
import type { JobInfo, StoredJobState } from "../jobs/jobs.ts";
import { listing, type Step } from "../jobs/listing.ts";
import { type Outcome, valueOf } from "../jobs/results.ts";
import { DEFAULT_PRIORITY, PRIORITIES } from "../jobs/settings.ts";
import type { DeadLetters, StoredLetter } from "./consumer/dead_letters.ts";
import type { DoneNotices } from "./producer/done_notices.ts";
import { readMeta } from "./producer/job_message.ts";
import type { PutNumbers } from "./producer/put_numbers.ts";
import type { UniqueIds } from "./producer/unique_ids.ts";
import type { QueueContext } from "./queue_context.ts";
import type { Holders } from "./shared/holders.ts";
import type { KeptResults } from "./shared/kept_results.ts";
import { all, type StoredJob, StoredJobs } from "./_stored_jobs.ts";
import {
  dataIn,
  findMessage,
  removeMessage,
  storedHeaders,
  type StoredMessage,
} from "./transport/stored_message.ts";

/** What an inspection works with. */
export interface InspectionParts<T> {
  readonly context: QueueContext;
  readonly codec: Codec<T>;
  readonly holders: Holders;
  readonly letters: DeadLetters<T>;
  readonly results: KeptResults;
  readonly notices: DoneNotices;
  /** Does work in no task; closing the queue waits for it. */
  begin<R>(work: () => Promise<R>): Promise<R>;
  readonly unique: UniqueIds;
  readonly numbers: PutNumbers;
}

/** Looks into a queue. */
export class Inspection<T> {
  readonly #parts: InspectionParts<T>;

  constructor(parts: InspectionParts<T>) {
    this.#parts = parts;
  }

  #read(options?: WaitOptions): Promise<StoredJobs> {
    const { context, holders } = this.#parts;
    return StoredJobs.read(context, holders, options);
  }

  /** How many jobs are in each state. */
  async counts(options?: WaitOptions): Promise<Record<StoredJobState, number>> {
    const jobs = await this.#read(options);
    const counts = { waiting: 0, delayed: 0, leased: 0, dead: 0 };
    for (const info of jobs.lines) {
      const { line, undelivered } = info;
      // An undelivered job is waiting, unless it is delayed.
      if (!line.delayed) counts.waiting += undelivered;
      const step = line.delayed
        ? jobs.of(line, options)
        : jobs.deliveredOf(info, options);
      for await (const { state } of all(step)) counts[state]++;
    }
    counts.dead = await this.#parts.letters.count(options);
    return counts;
  }

  /** The jobs in one state. */
  list(
    state: StoredJobState,
    check: () => Promise<never> | undefined,
    options?: WaitOptions,
  ): AsyncIterableIterator<JobInfo<T>> {
    if (state === "dead") {
      const letters = this.#parts.letters.walk(options);
      return listing(check, letters, (it) => this.#deadInfo(it, options));
    }
    let step: Step<StoredJob> | undefined;
    const next = async () => {
      step ??= await this.#inOrder(state, options);
      return await step();
    };
    return listing(check, next, (job) => this.#info(job, options));
  }

  async #inOrder(
    state: Exclude<StoredJobState, "dead">,
    options?: WaitOptions,
  ): Promise<Step<StoredJob>> {
    const jobs = await this.#read(options);
    if (state === "waiting") return waitingIn(jobs, options);
    const found: StoredJob[] = [];
    for (const info of jobs.lines) {
      const step = info.line.delayed
        ? jobs.of(info.line, options)
        : jobs.deliveredOf(info, options);
      for await (const job of all(step)) {
        if (job.state === state) found.push(job);
      }
    }
    found.sort(state === "delayed" ? (a, b) => a.due - b.due : byAge);
    return () => Promise.resolve(found.shift());
  }

  async #deadInfo(
    { id, attempts, meta, data }: StoredLetter,
    options?: WaitOptions,
  ): Promise<JobInfo<T>> {
    return {
      id,
      value: await decodedOrNothing(this.#parts.codec, data, options),
      state: "dead",
      attempt: attempts,
      priority: meta.priority ?? DEFAULT_PRIORITY,
      ...(meta.jobKey !== undefined && { key: meta.jobKey }),
    };
  }

  async #info(job: StoredJob, options?: WaitOptions): Promise<JobInfo<T>> {
    const { message, meta, line, state, attempt, due, progress } = job;
    const { codec } = this.#parts;
    return {
      id: meta.id,
      value: await decodedOrNothing(codec, dataIn(message), options),
      state,
      attempt,
      priority: line.priority,
      ...(meta.jobKey !== undefined && { key: meta.jobKey }),
      ...(state === "delayed" && { due: new Date(due) }),
      ...(progress !== undefined && { progress: valueOf(progress) }),
    };
  }

  /**
   * The number of the unfinished job with this id. All jobs are looked at only if
   * it was put by another process, or if `all` is set.
   */
  async numberOf(
    id: string,
    all: boolean,
    options?: WaitOptions,
  ): Promise<number | undefined> {
    const { unique, numbers } = this.#parts;
    const claimed = all ? undefined : await unique.find(id, options);
    if (claimed !== undefined) return claimed;
    const own = all ? undefined : numbers.get(id);
    if (own === undefined) {
      return (await this.#search(id, options))?.message.seq;
    }
    return await this.isThere(own, id, options) ? own : undefined;
  }

  /** Whether the job with this number and id is unfinished. */
  async isThere(
    seq: number,
    id: string,
    options?: WaitOptions,
  ): Promise<boolean> {
    return await this.#stored(seq, id, options) !== undefined;
  }

  async #stored(
    seq: number,
    id: string,
    options?: WaitOptions,
  ): Promise<StoredMessage | undefined> {
    const { connection, subjects } = this.#parts.context;
    const found = await findMessage(
      connection,
      subjects.jobs,
      { seq },
      options,
    );
    // After a queue was deleted, a new one counts from 1 again.
    const isIt = found !== undefined &&
      readMeta(storedHeaders(found), `${seq}`).id === id;
    return isIt ? found : undefined;
  }

  /** The unfinished job with this id. */
  async #find(
    id: string,
    options?: WaitOptions,
  ): Promise<StoredJob | undefined> {
    const { context, unique, numbers } = this.#parts;
    const seq = await unique.find(id, options) ?? numbers.get(id);
    const found = seq && await this.#stored(seq, id, options);
    const line = found && context.subjects.lineOf(found.subject);
    return line
      ? (await this.#read(options)).withState(found, line)
      : await this.#search(id, options);
  }

  /** Looks for the job among all. */
  async #search(
    id: string,
    options?: WaitOptions,
  ): Promise<StoredJob | undefined> {
    const jobs = await this.#read(options);
    for (const { line } of jobs.lines) {
      for await (const job of all(jobs.of(line, options))) {
        if (job.meta.id === id) return job;
      }
    }
    return undefined;
  }

  /**
   * Takes a job out: a leased one only if `leased` is set, a dead letter only if
   * not.
   *
   * @returns Whether a job was taken out.
   */
  async takeOut(
    id: string,
    leased: boolean,
    options?: WaitOptions,
  ): Promise<boolean> {
    const job = await this.#find(id, options);
    if (job === undefined) {
      return !leased && await this.#removeLetter(id, options);
    }
    if (job.state === "leased" && !leased) return false;
    return await this.#remove(job, { state: "cancelled" }, options);
  }

  async #removeLetter(id: string, options?: WaitOptions): Promise<boolean> {
    const { letters } = this.#parts;
    for await (const letter of all(letters.walk(options))) {
      if (letter.id === id) return await letters.remove(letter.seq, options);
    }
    return false;
  }

  /** Carried out as a whole, also if the wait is given up. */
  async #remove(
    job: StoredJob,
    outcome: Outcome,
    options?: WaitOptions,
  ): Promise<boolean> {
    const removed = this.#parts.begin(() => this.#removeNow(job, outcome));
    return await settled(removed, { ...options, what: "removal of a job" });
  }

  async #removeNow(
    { message, meta, key, state }: StoredJob,
    outcome: Outcome,
  ): Promise<boolean> {
    const { context, holders, results, notices } = this.#parts;
    const { connection, subjects } = context;
    if (!await removeMessage(connection, subjects.jobs, message.seq)) {
      return false; // it was finished meanwhile
    }
    // A waiting job may have been delivered meanwhile.
    if (state === "leased") await holders.cancel(key);
    else connection.publish(subjects.holders, JSON.stringify({ cancel: key }));
    await results.keep({ ...meta, named: true }, outcome);
    notices.notify(meta.id, outcome);
    return true;
  }

  /** Calls `bury` with a stored job, and removes it, if it was never begun. */
  async expire(
    seq: number,
    bury: (job: StoredJob) => Promise<void>,
  ): Promise<void> {
    const { connection, subjects } = this.#parts.context;
    const found = await findMessage(connection, subjects.jobs, { seq });
    const line = found && subjects.lineOf(found.subject);
    if (found === undefined || line === undefined) return;
    const job = (await this.#read()).withState(found, line);
    if (job.state === "leased" || job.attempt > 0) return;
    await bury(job);
    await this.#remove(job, { state: "dead", reason: EXPIRED });
  }
}

/** Steps over the waiting jobs, in the order in which they are taken. */
function waitingIn(jobs: StoredJobs, options?: WaitOptions): Step<StoredJob> {
  const steps = PRIORITIES.map((priority) => {
    const lines = jobs.lines.filter(({ line }) => line.priority === priority);
    return merged(lines.map(({ line }) => jobs.of(line, options)));
  });
  return async () => {
    while (steps.length > 0) {
      const job = await steps[0]!();
      if (job?.state === "waiting") return job;
      if (job === undefined) steps.shift();
    }
    return undefined;
  };
}

/** Steps over the jobs of all `steps`, oldest first, as each of them does. */
function merged(steps: Step<StoredJob>[]): Step<StoredJob> {
  const heads: (StoredJob | undefined)[] = steps.map(() => undefined);
  return async () => {
    for (const [i, step] of steps.entries()) heads[i] ??= await step();
    let first: number | undefined;
    for (const [i, head] of heads.entries()) {
      const least = first === undefined ? undefined : heads[first];
      if (head && (!least || byAge(head, least) < 0)) first = i;
    }
    if (first === undefined) return undefined;
    const job = heads[first];
    heads[first] = undefined;
    return job;
  };
}

function byAge(a: StoredJob, b: StoredJob): number {
  return a.line.priority - b.line.priority || a.message.seq - b.message.seq;
}
