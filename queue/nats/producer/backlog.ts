/** How many jobs are not done, and repairs after the loss of servers. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { consumerReport, streamReport } from "../reports.ts";
import type { QueueContext } from "../queue_context.ts";
import type { KnownJobs } from "../shared/known_jobs.ts";
import type { ConsumerReply, StreamReply } from "../stream_config.ts";
import { consumerOf, type Line, PLAIN_LINE } from "../subjects.ts";
import { api, ApiError } from "../transport/jetstream_api.ts";
import { findMessage } from "../transport/stored_message.ts";
import { LeftOverJobs } from "./left_over_jobs.ts";

/** How long the servers may overlook the first job, in milliseconds. */
const OVERLOOKED = 2000;

/**
 * How long a server of a cluster may take to catch up, in milliseconds. Until then
 * it has jobs that are done, and drops them by itself.
 */
const CATCHING_UP = 2000;

/** How many deliveries are reported to hold up jobs, at most. */
const MOST_HELD_UP = 100;

/**
 * The jobs that are on the servers.
 *
 * If the same message stays the first one, jobs may be left over: see
 * {@linkcode LeftOverJobs}.
 *
 * If servers were lost one after the other, they may have different messages
 * afterwards. A leader of a consumer that lacks the last ones hands out nothing: it
 * is asked to step down.
 */
export class Backlog {
  /** The lines that have a consumer. */
  lines: readonly Line[] = [PLAIN_LINE];
  readonly #context: QueueContext;
  readonly #leftOver: LeftOverJobs;
  /** The number of the first message. */
  #first = 0;
  /** Since when that is the first one, or when a leader was last replaced. */
  #since = 0;

  constructor(context: QueueContext, known: KnownJobs) {
    this.#context = context;
    this.#leftOver = new LeftOverJobs(context, known);
  }

  /** Counts the jobs that are not done. */
  async count(options?: WaitOptions): Promise<number> {
    const { connection, subjects, clock } = this.#context;
    const { state, config } = await streamReport(
      connection,
      subjects.jobs,
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

  /**
   * How many deliveries may hold up the jobs of a line that hands out none, though
   * there are some. If a server was killed, it may have deliveries that are not
   * settled of jobs that are gone: older ones pass over one with each request.
   */
  async heldUpBy(line: Line): Promise<number> {
    const found = await consumerReport(this.#context, line);
    if (found === undefined || found.num_pending === 0) return 0;
    return Math.min(found.num_ack_pending, MOST_HELD_UP);
  }

  /** Repairs a line; resolves to how many jobs less there are afterwards. */
  async #mend(
    line: Line,
    { state, config }: StreamReply,
    options: WaitOptions | undefined,
  ): Promise<number> {
    const found = await consumerReport(this.#context, line, options);
    if (found === undefined) return 0;
    await this.#stepDownStalledLeader(line, state, found, options);
    if (config.deny_delete) return 0;
    return await this.#leftOver.mend(line, state, found, options);
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
      const stepDown = `CONSUMER.LEADER.STEPDOWN.${consumer}`;
      await api(connection, stepDown, undefined, options);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // it is not allowed
    }
  }
}
