/** @module */
import { cancellable } from "../../../tasks/cancellable.ts";
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { keyOfStored } from "../consumer/delivery.ts";
import type { Knowledge } from "../consumer/held_jobs.ts";
import type { QueueContext } from "../queue_context.ts";
import type { KnownJobs } from "../shared/known_jobs.ts";
import type { ConsumerReply, StreamReply } from "../stream_config.ts";
import type { Line } from "../subjects.ts";
import {
  dataIn,
  findOneByOne,
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

/** How many jobs are looked at together. */
const PAGE = 256;

/**
 * For how long a job is asked about on a cluster, in milliseconds: a process may be
 * out of reach for a moment, as its server is.
 */
const ASKING = 2000;

/**
 * The jobs that count as acknowledged, but are still stored.
 *
 * If a server of a cluster is lost, another one may process an acknowledgement
 * before it has the message, and then keeps the message for ever: many versions do.
 * A server may also count a job that was never handed out. So a message that a
 * process knows to be done is deleted, one that a process holds is left alone, and
 * all others are published again and deleted: such a job may run twice, but it does
 * run.
 */
export class LeftOverJobs {
  readonly #context: QueueContext;
  readonly #known: KnownJobs;
  /** Since when it is not known what became of the jobs of a line, by their keys. */
  readonly #unknown = new Map<Line, Map<string, number>>();

  constructor(context: QueueContext, known: KnownJobs) {
    this.#context = context;
    this.#known = known;
  }

  /** Repairs a line; resolves to how many jobs less there are afterwards. */
  async mend(
    line: Line,
    { first_seq, last_seq }: StreamReply["state"],
    { ack_floor }: ConsumerReply,
    options: WaitOptions | undefined,
  ): Promise<number> {
    const done = ack_floor.stream_seq;
    // If more messages are done than there are, a server has yet to catch up.
    if (done > last_seq) return 0;
    const { clock, connection, subjects } = this.#context;
    const range = { stream: subjects.jobs, filter: subjects.todo(line) };
    const unknown = this.#unknownOf(line);
    const found = new Set<string>();
    let less = 0;
    for (let first = first_seq; first <= done;) {
      const part = { ...range, first, last: done, most: PAGE };
      const page = await findOneByOne(connection, part, options);
      if (page.length === 0) break;
      first = page.at(-1)!.seq + 1;
      const keys = page.map(keyOfStored);
      const asking = keys.map((key) => this.#known.ask(key));
      const known = await cancellable(Promise.all(asking));
      for (const [at, message] of page.entries()) {
        if (known[at] === undefined && connection.clustered) {
          const key = keys[at]!;
          const since = unknown.get(key) ?? clock.now();
          unknown.set(key, since);
          found.add(key);
          if (clock.now() - since < ASKING) continue;
        }
        less += await this.#mend(line, message, known[at], options);
      }
    }
    for (const key of unknown.keys()) if (!found.has(key)) unknown.delete(key);
    return less;
  }

  #unknownOf(line: Line): Map<string, number> {
    let unknown = this.#unknown.get(line);
    if (unknown === undefined) this.#unknown.set(line, unknown = new Map());
    return unknown;
  }

  async #mend(
    line: Line,
    message: StoredMessage,
    known: Knowledge | undefined,
    options: WaitOptions | undefined,
  ): Promise<number> {
    if (known !== undefined && known !== "done") return 0;
    const { connection, subjects } = this.#context;
    // If the stream is full, the message counts as done, as the servers have it.
    const isAgain = known === undefined &&
      await this.#publishAgain(line, message, options);
    // Not by a purge: the servers would forget all unsettled deliveries.
    await removeMessage(connection, subjects.jobs, message.seq, options);
    return isAgain ? 0 : 1;
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
