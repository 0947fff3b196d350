/** The stored jobs of a queue, as they are at one moment. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import type { StoredJobState } from "../jobs/jobs.ts";
import type { Step } from "../jobs/listing.ts";
import { keyOfStored } from "./consumer/delivery.ts";
import { noteIn, type ReleaseNote } from "./consumer/release_notes.ts";
import { type JobMeta, readMeta } from "./producer/job_message.ts";
import { consumerReport, streamReport } from "./reports.ts";
import type { StreamReply } from "./stream_config.ts";
import type { QueueContext } from "./queue_context.ts";
import type { Claim, Holders } from "./shared/holders.ts";
import { type Line, LINES } from "./subjects.ts";
import { api } from "./transport/jetstream_api.ts";
import {
  findMessages,
  storedHeaders,
  type StoredMessage,
} from "./transport/stored_message.ts";

/** How many messages are looked up at a time. */
const PAGE = 1000;

/** A job that is stored, and its state. */
export interface StoredJob {
  readonly message: StoredMessage;
  readonly meta: JobMeta;
  readonly key: string;
  readonly line: Line;
  readonly state: Exclude<StoredJobState, "dead">;
  readonly attempt: number;
  readonly due: number;
  readonly progress: string | undefined;
}

/** What the servers report of a line. */
interface LineInfo {
  readonly line: Line;
  /** The number of the last message that was delivered. */
  readonly delivered: number;
  /** How many jobs have not been delivered yet. */
  readonly undelivered: number;
}

/** The stored jobs of a queue. Which are leased is as of the reading. */
export class StoredJobs {
  /** The lines with jobs, in the order of `LINES`. */
  readonly lines: readonly LineInfo[];
  readonly #context: QueueContext;
  readonly #state: StreamReply["state"];
  readonly #claims: Map<number, Claim>;
  readonly #notes: Map<string, ReleaseNote>;

  private constructor(
    context: QueueContext,
    { state, lines, claims, notes }: {
      state: StreamReply["state"];
      lines: LineInfo[];
      claims: Map<number, Claim>;
      notes: Map<string, ReleaseNote>;
    },
  ) {
    this.#context = context;
    this.#state = state;
    this.lines = lines;
    this.#claims = claims;
    this.#notes = notes;
  }

  /** Reads the state of a queue, and asks all its processes what they hold. */
  static async read(
    context: QueueContext,
    holders: Holders,
    options?: WaitOptions,
  ): Promise<StoredJobs> {
    const { connection, subjects } = context;
    const { state } = await api<StreamReply>(
      connection,
      `STREAM.INFO.${subjects.jobs}`,
      { subjects_filter: subjects.all },
      options,
    );
    const lines: LineInfo[] = [];
    let unsettled = 0;
    for (const line of LINES) {
      if (!state.subjects?.[subjects.todo(line)]) continue;
      const found = await consumerReport(context, line, options);
      const delivered = found?.delivered.stream_seq ?? 0;
      lines.push({ line, delivered, undelivered: found?.num_pending ?? 0 });
      unsettled += found?.num_ack_pending ?? 0;
    }
    const notes = unsettled > 0
      ? await notesOf(context, options)
      : new Map<string, ReleaseNote>();
    const now = Date.now();
    const delayed = [...notes.values()].filter(({ due }) => due > now).length;
    const claims = await holders.all(unsettled - delayed, options);
    return new StoredJobs(context, { state, lines, claims, notes });
  }

  /** Steps over the jobs of a line, oldest first. */
  of(line: Line, options?: WaitOptions): Step<StoredJob> {
    return this.#jobs(line, this.#state.last_seq, options);
  }

  /** The same, but only over those that were delivered. */
  deliveredOf(
    { line, delivered }: LineInfo,
    options?: WaitOptions,
  ): Step<StoredJob> {
    const last = Math.min(delivered, this.#state.last_seq);
    return this.#jobs(line, last, options);
  }

  #jobs(line: Line, last: number, options?: WaitOptions): Step<StoredJob> {
    const { subjects } = this.#context;
    const { first_seq: first, messages } = this.#state;
    const step = messagesIn(this.#context, {
      stream: subjects.jobs,
      filter: subjects.todo(line),
      first,
      last: messages === 0 ? 0 : last,
    }, options);
    return async () => {
      const message = await step();
      return message && this.withState(message, line);
    };
  }

  /** Finds out the state of a stored job. */
  withState(message: StoredMessage, line: Line): StoredJob {
    const meta = readMeta(storedHeaders(message), `${message.seq}`);
    const key = keyOfStored(message);
    const claim = this.#claims.get(message.seq);
    const note = this.#notes.get(key);
    const due = Math.max(meta.due, note?.due ?? 0);
    const base = { message, meta, key, line, due, progress: undefined };
    if (claim !== undefined) {
      const { attempt, progress, waiting = false } = claim;
      return waiting
        ? { ...base, state: "waiting", attempt: attempt - 1 }
        : { ...base, state: "leased", attempt, progress };
    }
    const info = this.lines.find((it) => it.line === line);
    const wasDelivered = message.seq <= (info?.delivered ?? 0);
    const state = due > Date.now()
      ? "delayed"
      : wasDelivered && note === undefined
      ? "leased" // by a process that does not answer
      : "waiting";
    const attempt = note?.attempts ?? (state === "leased" ? 1 : 0);
    return { ...base, state, attempt };
  }
}

/** The notes on released jobs, by the keys of the jobs. */
async function notesOf(
  context: QueueContext,
  options?: WaitOptions,
): Promise<Map<string, ReleaseNote>> {
  const { connection, subjects } = context;
  const { state } = await streamReport(connection, subjects.returned, options);
  const step = messagesIn(context, {
    stream: subjects.returned,
    filter: subjects.returns("*"),
    first: state.first_seq,
    last: state.messages === 0 ? 0 : state.last_seq,
  }, options);
  const notes = new Map<string, ReleaseNote>();
  const prefix = subjects.returns("").length;
  for await (const message of all(step)) {
    notes.set(message.subject.slice(prefix), noteIn(message));
  }
  return notes;
}

/** Steps over the messages on `filter` from number `first` to `last`. */
function messagesIn(
  { connection }: QueueContext,
  { first, last, ...where }: {
    stream: string;
    filter: string;
    first: number;
    last: number;
  },
  options?: WaitOptions,
): Step<StoredMessage> {
  let page: StoredMessage[] = [];
  return async () => {
    while (page.length === 0 && first <= last) {
      const to = Math.min(first + PAGE - 1, last);
      const range = { ...where, first, last: to };
      page = await findMessages(connection, range, options);
      first = to + 1;
    }
    return page.shift();
  };
}

/** All that `step` resolves to. */
export async function* all<E>(step: Step<E>): AsyncGenerator<E> {
  for (let it = await step(); it !== undefined; it = await step()) yield it;
}
