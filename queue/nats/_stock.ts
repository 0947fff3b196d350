/** @module */
import type { WaitOptions } from "../../tasks/types.ts";
import { api, ApiError, apiFind, type ApiReply } from "./_api.ts";
import type { Link } from "./_link.ts";
import type { Names } from "./_names.ts";
import type { ConsumerReply, StreamReply } from "./_set_up.ts";

/**
 * The jobs that are on the servers.
 *
 * A server of a cluster may hear that a job is done before it has the job, when
 * another has just been lost; many versions then keep it for ever, with nobody
 * to work on it. So whoever finds the same job first in line twice looks
 * whether it is one that is done, and drops all of them.
 */
export class Stock {
  readonly #link: Link;
  readonly #names: Names;
  /** The job that was found first in line. */
  #first = 0;

  constructor(link: Link, names: Names) {
    this.#link = link;
    this.#names = names;
  }

  /** How many jobs there are that are not done. */
  async count(options?: WaitOptions): Promise<number> {
    const subject = `STREAM.INFO.${this.#names.jobs}`;
    const { state } = await api<StreamReply>(
      this.#link,
      subject,
      undefined,
      options,
    );
    const seen = this.#first === state.first_seq;
    this.#first = state.first_seq;
    if (state.messages === 0 || !seen) return state.messages;
    return state.messages - await this.#dropDone(state, options);
  }

  async #dropDone(
    { first_seq, last_seq }: StreamReply["state"],
    options: WaitOptions | undefined,
  ): Promise<number> {
    const { consumer, jobs } = this.#names;
    const found = await apiFind<ConsumerReply>(
      this.#link,
      `CONSUMER.INFO.${consumer}`,
      undefined,
      options,
    );
    const done = found?.ack_floor.stream_seq ?? 0;
    // Where the last job is before the last that is done, some were lost, and
    // their numbers are given again to jobs that are not done.
    if (done < first_seq || done > last_seq) return 0;
    try {
      const { purged } = await api<ApiReply & { purged: number }>(
        this.#link,
        `STREAM.PURGE.${jobs}`,
        { seq: done + 1 },
        options,
      );
      return purged;
    } catch (error) {
      if (error instanceof ApiError) return 0; // it is not allowed
      throw error;
    }
  }
}
