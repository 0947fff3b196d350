/** @module */
import { cancellable } from "../../../tasks/cancellable.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { keyOfStored } from "../consumer/delivery.ts";
import { widen } from "../consumers.ts";
import type { QueueContext } from "../queue_context.ts";
import type { KnownJobs } from "../shared/known_jobs.ts";
import type { ConsumerReply, StreamReply } from "../stream_config.ts";
import type { Line } from "../subjects.ts";
import {
  dataIn,
  findMessage,
  findMessages,
  removeMessage,
  storedHeaders,
  type StoredMessage,
} from "../transport/stored_message.ts";
import {
  MESSAGE_ID,
  META,
  publish,
  readMeta,
  writtenMeta,
} from "./job_message.ts";

/** How many numbers of jobs are looked at together. */
const PAGE = 256;

/**
 * For how long jobs are asked about again and again, in milliseconds: a process that
 * knows of them may be out of reach for a moment, as its server is, or busy.
 */
const ASKING = 2000;

/**
 * The jobs that count as acknowledged, but are still stored.
 *
 * If a server of a cluster is lost, another one may process an acknowledgement
 * before it has the message, and then keeps the message for ever: many versions do.
 * A server may also count a job that was never handed out. So a message that a
 * process knows to be done is deleted, one that a process holds is left alone, and
 * all others that count as acknowledged are published again and deleted: such a job
 * may run twice, but it does run.
 */
export class LeftOverJobs {
  readonly #context: QueueContext;
  readonly #known: KnownJobs;
  /** Since when it is not known what became of the jobs of a line, by their keys. */
  readonly #unknown = new Map<Line, Map<string, number>>();
  /** When the connection was made again, by the clock. */
  #connected = -Infinity;

  constructor(context: QueueContext, known: KnownJobs) {
    this.#context = context;
    this.#known = known;
    const { connection, clock } = context;
    connection.onChange(() => {
      if (connection.up) this.#connected = clock.now();
    });
  }

  /** Repairs a line; resolves to how many jobs less there are afterwards. */
  async mend(
    line: Line,
    { first_seq, last_seq }: StreamReply["state"],
    { ack_floor, delivered }: ConsumerReply,
    options: WaitOptions | undefined,
  ): Promise<number> {
    const settled = ack_floor.stream_seq;
    // If more messages are done than there are, a server has yet to catch up.
    if (settled > last_seq) return 0;
    // A delivery that is not settled, of a job that is gone, may hold up the count
    // of what is settled.
    const end = Math.min(Math.max(settled, delivered.stream_seq), last_seq);
    const { connection, subjects } = this.#context;
    const stream = subjects.jobs, filter = subjects.todo(line);
    const unknown = this.#unknownOf(line);
    const found = new Set<string>();
    let less = 0;
    for (let first = first_seq; first <= end;) {
      const query = { seq: first, next_by_subj: filter };
      const next = await findMessage(connection, stream, query, options);
      if (next === undefined || next.seq > end) break;
      const last = Math.min(next.seq + PAGE - 1, end);
      const range = { stream, filter, first: next.seq, last };
      const page = await findMessages(connection, range, options);
      first = last + 1;
      const keys = page.map(keyOfStored);
      const asking = keys.map((key) => this.#known.ask(key));
      const known = await cancellable(Promise.all(asking));
      if (connection.error !== undefined) throw connection.error;
      const done = page.filter((_, at) => known[at] === "done");
      const lost = page.filter(({ seq }, at) => {
        if (known[at] !== undefined || seq > settled) return false;
        found.add(keys[at]!);
        return this.#isAskedEnough(keys[at]!, unknown);
      });
      await Promise.all([
        ...done.map((message) => this.#remove(message, options)),
        this.#putAgain(line, lost, options),
      ]);
      less += done.length;
    }
    for (const key of unknown.keys()) if (!found.has(key)) unknown.delete(key);
    return less;
  }

  /** Whether a process that knows of a job would have replied by now. */
  #isAskedEnough(key: string, unknown: Map<string, number>): boolean {
    const now = this.#context.clock.now();
    const since = Math.max(unknown.get(key) ?? now, this.#connected);
    unknown.set(key, since);
    return now - since >= ASKING;
  }

  #unknownOf(line: Line): Map<string, number> {
    let unknown = this.#unknown.get(line);
    if (unknown === undefined) this.#unknown.set(line, unknown = new Map());
    return unknown;
  }

  /** Not by a purge: the servers would forget all unsettled deliveries. */
  #remove(
    { seq }: StoredMessage,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    const { connection, subjects } = this.#context;
    return removeMessage(connection, subjects.jobs, seq, options);
  }

  /** Publishes jobs again, and removes them. */
  async #putAgain(
    line: Line,
    messages: StoredMessage[],
    options: WaitOptions | undefined,
  ): Promise<void> {
    let widening: Promise<void> | undefined;
    await Promise.all(messages.map(async (message) => {
      if (!await this.#publishAgain(line, message, options)) {
        // The queue is full, of such jobs perhaps.
        await (widening ??= widen(this.#context, messages.length, options));
        if (!await this.#publishAgain(line, message, options)) return;
      }
      await this.#remove(message, options);
    }));
  }

  /** Publishes the job again: once, even if several processes do it. */
  async #publishAgain(
    line: Line,
    message: StoredMessage,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    const meta = readMeta(storedHeaders(message), `${message.seq}`);
    const messageId = `again ${message.seq} ${message.time}`;
    const headers = {
      [MESSAGE_ID]: messageId,
      [META]: writtenMeta(meta, messageId)!,
    };
    const again = { line, data: dataIn(message), headers };
    return await publish(this.#context, again, options) !== undefined;
  }
}
