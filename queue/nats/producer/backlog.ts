/** How many jobs are not done, and repairs after the loss of servers. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import type { QueueContext } from "../queue_context.ts";
import type { ConsumerReply, StreamReply } from "../stream_config.ts";
import { consumerOf, type Line, PLAIN_LINE } from "../subjects.ts";
import { api, ApiError, apiFind } from "../transport/jetstream_api.ts";
import {
  dataIn,
  findMessage,
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

/** How long the servers may overlook the first job, in milliseconds. */
const OVERLOOKED = 2000;

/**
 * How long a server of a cluster may take to catch up, in milliseconds. Until then
 * it has jobs that are done, and drops them by itself.
 */
const CATCHING_UP = 2000;

/**
 * The jobs that are on the servers.
 *
 * If a server of a cluster is lost, another one may process an acknowledgement
 * before it has the message, and then keeps the message for ever: many versions do.
 * So if the same message stays the first one, every message that counts as
 * acknowledged is published again and deleted. Such a job may run twice, but it
 * does run.
 *
 * If servers were lost one after the other, they may have different messages
 * afterwards. A leader of a consumer that lacks the last ones hands out nothing: it
 * is asked to step down.
 */
export class Backlog {
  /** The lines that have a consumer. */
  lines: readonly Line[] = [PLAIN_LINE];
  readonly #context: QueueContext;
  /** The number of the first message. */
  #first = 0;
  /** Since when that is the first one, or when a leader was last replaced. */
  #since = 0;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  #api<R extends object>(
    subject: string,
    options?: WaitOptions,
  ): Promise<R> {
    return api<R>(this.#context.connection, subject, undefined, options);
  }

  /** Counts the jobs that are not done. */
  async count(options?: WaitOptions): Promise<number> {
    const { connection, subjects, clock } = this.#context;
    const { state, config } = await this.#api<StreamReply>(
      `STREAM.INFO.${subjects.jobs}`,
      options,
    );
    if (this.#first !== state.first_seq) {
      this.#first = state.first_seq;
      this.#since = clock.now();
      return state.messages;
    }
    if (connection.clustered && clock.now() - this.#since < CATCHING_UP) {
      return state.messages;
    }
    let { messages } = state;
    for (const line of messages > 0 ? this.lines : []) {
      messages -= await this.#mend(line, { state, config }, options);
    }
    return messages;
  }

  /** Repairs a line; resolves to how many jobs less there are afterwards. */
  async #mend(
    line: Line,
    { state, config }: StreamReply,
    options: WaitOptions | undefined,
  ): Promise<number> {
    const { connection, subjects, incarnation } = this.#context;
    const consumer = `${subjects.jobs}.${consumerOf(line, incarnation)}`;
    const found = await apiFind<ConsumerReply>(
      connection,
      `CONSUMER.INFO.${consumer}`,
      undefined,
      options,
    );
    if (found === undefined) return 0;
    await this.#stepDownStalledLeader(line, state, found, options);
    if (config.deny_delete) return 0;
    return await this.#republish(line, state, found, options);
  }

  async #stepDownStalledLeader(
    line: Line,
    { first_seq }: StreamReply["state"],
    { delivered, num_ack_pending, num_pending }: ConsumerReply,
    options: WaitOptions | undefined,
  ): Promise<void> {
    const { connection, subjects, clock, incarnation } = this.#context;
    if (!connection.clustered || delivered.stream_seq >= first_seq) return;
    if (num_ack_pending + num_pending > 0) return;
    if (clock.now() - this.#since < OVERLOOKED) return;
    const next = { seq: first_seq, next_by_subj: subjects.todo(line) };
    const left = await findMessage(connection, subjects.jobs, next, options);
    if (left === undefined) return; // there are none in this line
    this.#since = clock.now();
    const consumer = `${subjects.jobs}.${consumerOf(line, incarnation)}`;
    try {
      await this.#api(`CONSUMER.LEADER.STEPDOWN.${consumer}`, options);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // it is not allowed
    }
  }

  /**
   * Publishes again the messages that count as acknowledged. Resolves to how many
   * were deleted only, as the stream was full.
   */
  async #republish(
    line: Line,
    { first_seq, last_seq }: StreamReply["state"],
    { ack_floor }: ConsumerReply,
    options: WaitOptions | undefined,
  ): Promise<number> {
    const { connection, subjects } = this.#context;
    const done = ack_floor.stream_seq;
    // If more messages are done than there are, a server has yet to catch up.
    if (done > last_seq) return 0;
    let dropped = 0;
    for (let seq = first_seq; seq <= done; seq++) {
      const next = { seq, next_by_subj: subjects.todo(line) };
      const left = await findMessage(connection, subjects.jobs, next, options);
      if (left === undefined || left.seq > done) break;
      seq = left.seq;
      // If the stream is full, the message counts as done, as the servers have it.
      if (!await this.#publishAgain(line, left, options)) dropped++;
      // Not by a purge: the servers would forget all unsettled deliveries.
      await removeMessage(connection, subjects.jobs, seq, options);
    }
    return dropped;
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
