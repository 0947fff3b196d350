/** Looking into a queue on NATS, and taking jobs out of it. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { type Codec, decodedOrNothing } from "../jobs/codec.ts";
import type { JobInfo, StoredJobState } from "../jobs/jobs.ts";
import { listing } from "../jobs/listing.ts";
import { type Outcome, valueOf } from "../jobs/results.ts";
import { DEFAULT_PRIORITY } from "../jobs/settings.ts";
import type { QueueContext } from "./queue_context.ts";
import type { DeadLetters } from "./consumer/dead_letters.ts";
import { keyOfStored } from "./consumer/delivery.ts";
import { noteIn, type ReleaseNote } from "./consumer/release_notes.ts";
import type { DoneNotices } from "./producer/done_notices.ts";
import { type JobMeta, readMeta } from "./producer/job_message.ts";
import type { ConsumerReply, StreamReply } from "./provision.ts";
import type { Claim, Holders } from "./shared/holders.ts";
import type { KeptResults } from "./shared/kept_results.ts";
import { consumerOf, type Line, LINES } from "./subjects.ts";
import { api, apiFind } from "./transport/jetstream_api.ts";
import {
  dataIn,
  findMessage,
  findMessages,
  headersIn,
  removeMessage,
  type StoredMessage,
} from "./transport/stored_message.ts";

/** So many messages are looked up at a time. */
const WINDOW = 1000;

/** A job that is stored, and where it stands. */
interface StoredJob {
  readonly message: StoredMessage;
  readonly meta: JobMeta;
  readonly key: string;
  readonly line: Line;
  readonly state: Exclude<StoredJobState, "dead">;
  readonly attempt: number;
  readonly due: number;
  readonly progress: string | undefined;
}

/** What is known of the queue at one moment. */
interface Snapshot {
  readonly state: StreamReply["state"];
  /** How far each line was handed out. */
  readonly delivered: Map<Line, number>;
  /** How many of each line have yet to be handed out. */
  readonly undelivered: Map<Line, number>;
  /** How many were handed out, and are not settled. */
  readonly out: number;
  readonly claims: Map<number, Claim>;
  readonly notes: Map<string, ReleaseNote>;
}

/** What an inspection works with. */
export interface InspectionParts<T> {
  readonly context: QueueContext;
  readonly codec: Codec<T>;
  readonly holders: Holders;
  readonly letters: DeadLetters<T>;
  readonly results: KeptResults;
  readonly notices: DoneNotices;
}

/** Looks into a queue. */
export class Inspection<T> {
  readonly #parts: InspectionParts<T>;

  constructor(parts: InspectionParts<T>) {
    this.#parts = parts;
  }

  async #snapshot(options?: WaitOptions): Promise<Snapshot> {
    const { context, holders } = this.#parts;
    const { connection, subjects, incarnation } = context;
    const { state } = await api<StreamReply>(
      connection,
      `STREAM.INFO.${subjects.jobs}`,
      { subjects_filter: subjects.all },
      options,
    );
    const delivered = new Map<Line, number>();
    const undelivered = new Map<Line, number>();
    let out = 0;
    for (const line of LINES) {
      if (!state.subjects?.[subjects.todo(line)]) continue;
      const found = await apiFind<ConsumerReply>(
        connection,
        `CONSUMER.INFO.${subjects.jobs}.${consumerOf(line, incarnation)}`,
        undefined,
        options,
      );
      delivered.set(line, found?.delivered.stream_seq ?? 0);
      undelivered.set(line, found?.num_pending ?? 0);
      out += found?.num_ack_pending ?? 0;
    }
    const notes = out > 0
      ? await this.#notes(options)
      : new Map<string, ReleaseNote>();
    const now = Date.now();
    const delayed = [...notes.values()].filter(({ due }) => due > now).length;
    const claims = await holders.all(out - delayed, options);
    return { state, delivered, undelivered, out, claims, notes };
  }

  async #notes(options?: WaitOptions): Promise<Map<string, ReleaseNote>> {
    const { connection, subjects } = this.#parts.context;
    const { state } = await api<StreamReply>(
      connection,
      `STREAM.INFO.${subjects.returned}`,
      undefined,
      options,
    );
    const all = new Map<string, ReleaseNote>();
    const prefix = subjects.returns("").length;
    for await (
      const message of this.#walk(
        { stream: subjects.returned, filter: subjects.returns("*") },
        state.first_seq,
        state.messages === 0 ? 0 : state.last_seq,
        options,
      )
    ) all.set(message.subject.slice(prefix), noteIn(message));
    return all;
  }

  async *#walk(
    where: { stream: string; filter: string },
    first: number,
    last: number,
    options?: WaitOptions,
  ): AsyncGenerator<StoredMessage> {
    const { connection } = this.#parts.context;
    for (let from = first; from <= last; from += WINDOW) {
      const to = Math.min(from + WINDOW - 1, last);
      const range = { ...where, first: from, last: to };
      yield* await findMessages(connection, range, options);
    }
  }

  /** The stored jobs of a line; those that were handed out, or all. */
  async *#jobs(
    line: Line,
    snapshot: Snapshot,
    { last = snapshot.state.last_seq, options }: {
      last?: number;
      options?: WaitOptions | undefined;
    },
  ): AsyncGenerator<StoredJob> {
    const { subjects } = this.#parts.context;
    const where = { stream: subjects.jobs, filter: subjects.todo(line) };
    const { first_seq, messages } = snapshot.state;
    if (messages === 0) return;
    for await (
      const message of this.#walk(where, first_seq, last, options)
    ) yield stored(message, line, snapshot);
  }

  /** How many jobs are in each state. */
  async counts(options?: WaitOptions): Promise<Record<StoredJobState, number>> {
    const snapshot = await this.#snapshot(options);
    const counts = { waiting: 0, delayed: 0, leased: 0, dead: 0 };
    for (const [line, delivered] of snapshot.delivered) {
      if (line.delayed) {
        for await (const { state } of this.#jobs(line, snapshot, { options })) {
          counts[state]++;
        }
        continue;
      }
      counts.waiting += snapshot.undelivered.get(line)!;
      const last = Math.min(delivered, snapshot.state.last_seq);
      for await (
        const { state } of this.#jobs(line, snapshot, { last, options })
      ) counts[state]++;
    }
    counts.dead = await this.#parts.letters.count(options);
    return counts;
  }

  /** The jobs in one state. */
  list(
    state: StoredJobState,
    options?: WaitOptions,
  ): AsyncIterableIterator<JobInfo<T>> {
    const infos = state === "dead"
      ? this.#dead(options)
      : this.#listed(state, options);
    return listing(async () => {
      const next = await infos.next();
      return next.done ? undefined : next.value;
    });
  }

  async *#listed(
    wanted: Exclude<StoredJobState, "dead">,
    options?: WaitOptions,
  ): AsyncGenerator<JobInfo<T>> {
    const snapshot = await this.#snapshot(options);
    const found: StoredJob[] = [];
    for (const line of LINES) {
      const delivered = snapshot.delivered.get(line);
      if (delivered === undefined) continue;
      const last = wanted === "waiting" || line.delayed
        ? snapshot.state.last_seq
        : Math.min(delivered, snapshot.state.last_seq);
      for await (const job of this.#jobs(line, snapshot, { last, options })) {
        if (job.state !== wanted) continue;
        // Waiting jobs may be many; their order is that of the lines.
        const inOrder = wanted === "waiting" && !line.delayed;
        if (inOrder && found.length === 0) yield await this.#info(job);
        else found.push(job);
      }
      if (wanted === "waiting" && !line.delayed) {
        found.sort(inOrderOf);
        for (const job of found.splice(0)) yield await this.#info(job);
      }
    }
    found.sort(wanted === "delayed" ? (a, b) => a.due - b.due : inOrderOf);
    for (const job of found) yield await this.#info(job);
  }

  async *#dead(options?: WaitOptions): AsyncGenerator<JobInfo<T>> {
    const next = this.#parts.letters.walk(options);
    for (let it = await next(); it !== undefined; it = await next()) {
      const { id, attempts, meta, data } = it;
      yield {
        id,
        value: await decodedOrNothing(this.#parts.codec, data),
        state: "dead",
        attempt: attempts,
        priority: meta.priority ?? DEFAULT_PRIORITY,
        ...(meta.jobKey !== undefined && { key: meta.jobKey }),
      };
    }
  }

  async #info(job: StoredJob): Promise<JobInfo<T>> {
    const { message, meta, line, state, attempt, due, progress } = job;
    return {
      id: meta.id,
      value: await decodedOrNothing(this.#parts.codec, dataIn(message)),
      state,
      attempt,
      priority: line.priority,
      ...(meta.jobKey !== undefined && { key: meta.jobKey }),
      ...(state === "delayed" && { due: new Date(due) }),
      ...(progress !== undefined && { progress: valueOf(progress) }),
    };
  }

  /** The job with this id, if it is not over. */
  async find(
    id: string,
    options?: WaitOptions,
  ): Promise<StoredJob | undefined> {
    const snapshot = await this.#snapshot(options);
    for (const line of snapshot.delivered.keys()) {
      for await (const job of this.#jobs(line, snapshot, { options })) {
        if (job.meta.id === id) return job;
      }
    }
    return undefined;
  }

  /** Takes a job out; a leased one only if `leased`. */
  async takeOut(
    id: string,
    leased: boolean,
    options?: WaitOptions,
  ): Promise<boolean> {
    const job = await this.find(id, options);
    if (job === undefined) {
      return !leased && await this.#removeLetter(id, options);
    }
    if (job.state === "leased" && !leased) return false;
    return await this.#remove(job, { state: "cancelled" }, options);
  }

  async #removeLetter(id: string, options?: WaitOptions): Promise<boolean> {
    const { letters } = this.#parts;
    const next = letters.walk(options);
    for (let it = await next(); it !== undefined; it = await next()) {
      if (it.id === id) return await letters.remove(it.seq, options);
    }
    return false;
  }

  async #remove(
    { message, meta, key, state }: StoredJob,
    outcome: Outcome,
    options?: WaitOptions,
  ): Promise<boolean> {
    const { context, holders, results, notices } = this.#parts;
    const { connection, subjects } = context;
    const { seq } = message;
    if (!await removeMessage(connection, subjects.jobs, seq, options)) {
      return false; // it was finished meanwhile
    }
    // One that waited may just have been handed out.
    if (state === "leased") await holders.cancel(key, options);
    else connection.publish(subjects.holders, JSON.stringify({ cancel: key }));
    await results.keep({ ...meta, named: true }, outcome);
    notices.tell(meta.id, outcome);
    return true;
  }

  /** Gives up a job that has not begun in time. */
  async expire(
    seq: number,
    bury: (job: StoredJob) => Promise<void>,
  ): Promise<void> {
    const { connection, subjects } = this.#parts.context;
    const found = await findMessage(connection, subjects.jobs, { seq });
    const line = found && subjects.lineOf(found.subject);
    if (found === undefined || line === undefined) return;
    const job = stored(found, line, await this.#snapshot());
    if (job.state === "leased" || job.attempt > 0) return;
    await bury(job);
    await this.#remove(job, { state: "dead", reason: "expired" });
  }
}

function stored(
  message: StoredMessage,
  line: Line,
  { delivered, claims, notes }: Snapshot,
): StoredJob {
  const meta = readMeta(headersIn(message), `${message.seq}`);
  const key = keyOfStored(message);
  const claim = claims.get(message.seq);
  const note = notes.get(key);
  const due = Math.max(meta.due, note?.due ?? 0);
  const base = { message, meta, key, line, due };
  if (claim !== undefined) {
    const { attempt, progress, waiting = false } = claim;
    return waiting
      ? { ...base, state: "waiting", attempt: attempt - 1, progress: undefined }
      : { ...base, state: "leased", attempt, progress };
  }
  const out = message.seq <= (delivered.get(line) ?? 0);
  const state = due > Date.now()
    ? "delayed"
    : out && note === undefined
    ? "leased" // by a process that does not answer
    : "waiting";
  const attempt = note?.attempts ?? (state === "leased" ? 1 : 0);
  return { ...base, state, attempt, progress: undefined };
}

function inOrderOf(a: StoredJob, b: StoredJob): number {
  return a.line.priority - b.line.priority || a.message.seq - b.message.seq;
}
