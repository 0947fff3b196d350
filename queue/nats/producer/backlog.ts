/** @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { api, ApiError, apiFind } from "../transport/jetstream_api.ts";
import { DUE, ID, MESSAGE_ID } from "../consumer/delivery.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import type { Subjects } from "../_subjects.ts";
import { store } from "./publish.ts";
import type { ConsumerReply, StreamReply } from "../_provision.ts";
import {
  dataIn,
  findMessage,
  headersIn,
  removeMessage,
  type StoredMessage,
} from "../transport/stored_message.ts";

/** How long the servers may overlook the first job in line. */
const OVERLOOKED = 2000;

/**
 * The jobs that are on the servers.
 *
 * A server of a cluster may hear that a job is done before it has the job, when
 * another has just been lost; many versions then keep it for ever, with nobody
 * to work on it. Whoever finds the same job first in line twice looks whether
 * it is one of these, and puts all of them anew, as there may be others among
 * them: servers that have lost jobs give their numbers again. So they run once
 * too often, and never not at all.
 *
 * When servers were lost one after the other, they may have different jobs
 * afterwards. Where the one that hands them out lacks the last ones, it goes on
 * saying that there is nothing to hand out. It is asked to let another do that.
 */
export class Backlog {
  readonly #link: ReconnectingConnection;
  readonly #names: Subjects;
  /** The job that was found first in line. */
  #first = 0;
  /** When it was that for the first time, or something was done about it. */
  #since = 0;

  constructor(link: ReconnectingConnection, names: Subjects) {
    this.#link = link;
    this.#names = names;
  }

  /** How many jobs there are that are not done. */
  async count(options?: WaitOptions): Promise<number> {
    const subject = `STREAM.INFO.${this.#names.jobs}`;
    const { state, config } = await api<StreamReply>(
      this.#link,
      subject,
      undefined,
      options,
    );
    if (this.#first !== state.first_seq) {
      this.#first = state.first_seq;
      this.#since = performance.now();
      return state.messages;
    }
    if (state.messages === 0) return 0;
    const found = await apiFind<ConsumerReply>(
      this.#link,
      `CONSUMER.INFO.${this.#names.consumer}`,
      undefined,
      options,
    );
    if (found === undefined) return state.messages;
    await this.#noteOverlooked(state, found, options);
    if (config.deny_delete) return state.messages;
    return state.messages - await this.#renewDone(state, found, options);
  }

  async #noteOverlooked(
    { first_seq }: StreamReply["state"],
    { delivered, num_ack_pending, num_pending }: ConsumerReply,
    options: WaitOptions | undefined,
  ): Promise<void> {
    if (!this.#link.clustered || delivered.stream_seq >= first_seq) return;
    if (num_ack_pending + num_pending > 0) return;
    if (performance.now() - this.#since < OVERLOOKED) return;
    this.#since = performance.now();
    const subject = `CONSUMER.LEADER.STEPDOWN.${this.#names.consumer}`;
    try {
      await api(this.#link, subject, undefined, options);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error; // it is not allowed
    }
  }

  /** Gives how many there are less. */
  async #renewDone(
    { first_seq, last_seq }: StreamReply["state"],
    { ack_floor }: ConsumerReply,
    options: WaitOptions | undefined,
  ): Promise<number> {
    const { jobs, todo } = this.#names;
    const done = ack_floor.stream_seq;
    // Where more are done than there are, a server has yet to catch up.
    if (done > last_seq) return 0;
    let dropped = 0;
    for (let seq = first_seq; seq <= done; seq++) {
      const next = { seq, next_by_subj: todo };
      const left = await findMessage(this.#link, jobs, next, options);
      if (left === undefined || left.seq > done) break;
      seq = left.seq;
      // Where they leave no room for it, they are taken at their word.
      if (!await this.#putAnew(left, options)) dropped++;
      // Not by a purge: that makes the servers forget all jobs that are out.
      await removeMessage(this.#link, jobs, seq, options);
    }
    return dropped;
  }

  /** The same job, once, whoever else does it too. */
  #putAnew(
    message: StoredMessage,
    options: WaitOptions | undefined,
  ): Promise<boolean> {
    const header = headersIn(message);
    const headers: Record<string, string> = {
      [MESSAGE_ID]: `anew ${message.seq} ${message.time}`,
      [ID]: header(ID) || header(MESSAGE_ID),
    };
    if (header(DUE) !== "") headers[DUE] = header(DUE);
    const parcel = { data: dataIn(message), headers };
    return store(this.#link, this.#names, parcel, options);
  }
}
