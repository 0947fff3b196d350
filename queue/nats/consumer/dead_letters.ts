/** The dead letters of a queue on NATS. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { composite } from "../../../tasks/kernel/wait/handed_wait.ts";
import type { Codec } from "../../jobs/codec.ts";
import { decodedOrNothing } from "../../jobs/codec_wait.ts";
import { type DeadJob, DeadLetterEntry } from "../../jobs/dead_letter.ts";
import type { DeadLetter } from "../../jobs/jobs.ts";
import { listing, type Step } from "../../jobs/listing.ts";
import { streamReport } from "../reports.ts";
import type { QueueContext } from "../queue_context.ts";
import { decoded, type JobMeta, readMeta } from "../producer/job_message.ts";
import type { StreamReply } from "../stream_config.ts";
import {
  dataIn,
  findMessage,
  removeMessage,
  storedHeaders,
  type StoredMessage,
} from "../transport/stored_message.ts";
import { ATTEMPTS, REASON } from "./acks.ts";

/** A dead letter as it is stored. */
export interface StoredLetter extends DeadJob {
  readonly seq: number;
  readonly meta: JobMeta;
}

/**
 * Puts the job of a dead letter back into the queue; resolves to `false` if its id
 * is taken.
 */
export type PutBack<T> = (
  letter: DeadLetter<T>,
  stored: StoredLetter,
  options?: WaitOptions,
) => Promise<boolean>;

/** The dead letters of a queue. */
export class DeadLetters<T> {
  readonly #context: QueueContext;
  readonly #codec: Codec<T>;
  readonly #putBack: PutBack<T>;

  constructor(context: QueueContext, codec: Codec<T>, putBack: PutBack<T>) {
    this.#context = context;
    this.#codec = codec;
    this.#putBack = putBack;
  }

  /** How many there are. */
  async count(options?: WaitOptions): Promise<number> {
    const { messages } = await this.#state(options);
    if (this.#context.settings.keepDead === Infinity) return messages;
    const next = this.walk(options);
    let count = 0;
    while (await next() !== undefined) count++;
    return count;
  }

  async #state(options?: WaitOptions): Promise<StreamReply["state"]> {
    const { connection, subjects } = this.#context;
    const { state } = await streamReport(connection, subjects.dead, options);
    return state;
  }

  /** The letters that are there at the first step. */
  list(
    check: () => Promise<never> | undefined,
    options?: WaitOptions,
  ): AsyncIterableIterator<DeadLetter<T>> {
    const show = (stored: StoredLetter) => this.#letter(stored, options);
    return listing(check, this.walk(options), show);
  }

  /** Steps over the letters that are there at the first step, oldest first. */
  walk(options?: WaitOptions): Step<StoredLetter> {
    let next = 1;
    let last: number | undefined;
    return async () => {
      last ??= (await this.#state(options)).last_seq;
      while (next <= last) {
        const found = await this.#find(next, options);
        if (found === undefined || found.seq > last) return undefined;
        next = found.seq + 1;
        if (!this.#isTooOld(found)) return read(found);
      }
      return undefined;
    };
  }

  /** Whether a letter is not kept any longer: the servers drop it later. */
  #isTooOld({ time }: StoredMessage): boolean {
    const age = Date.now() - Date.parse(time);
    return age > this.#context.settings.keepDead;
  }

  #find(
    seq: number,
    options?: WaitOptions,
  ): Promise<StoredMessage | undefined> {
    const { connection, subjects } = this.#context;
    const query = { seq, next_by_subj: subjects.letters };
    return findMessage(connection, subjects.dead, query, options);
  }

  /** Removes a letter; resolves to `false` if it was not there. */
  remove(seq: number, options?: WaitOptions): Promise<boolean> {
    const { connection, subjects } = this.#context;
    return removeMessage(connection, subjects.dead, seq, options);
  }

  async #letter(
    stored: StoredLetter,
    options?: WaitOptions,
  ): Promise<DeadLetter<T>> {
    const { seq } = stored;
    const drop = async (options?: WaitOptions) => {
      await this.remove(seq, options);
    };
    const requeue = async (options?: WaitOptions) => {
      const found = await this.#find(seq, options);
      if (found?.seq !== seq) return; // another process was faster
      if (await this.#putBack(letter, stored, options)) await drop(options);
    };
    const value = await decodedOrNothing(
      this.#codec,
      stored.data,
      options,
    );
    const letter = new DeadLetterEntry(stored, value, {
      drop: (options) => composite(() => drop(options)),
      requeue: (options) => composite(() => requeue(options)),
    });
    return letter;
  }
}

/** Reads a letter. Another client may have written it: defaults are for that. */
function read(message: StoredMessage): StoredLetter {
  const { seq, time } = message;
  const header = storedHeaders(message);
  const meta = readMeta(header, `${seq}`);
  return {
    seq,
    meta,
    id: meta.id,
    data: dataIn(message),
    attempts: Number(header(ATTEMPTS)) || 0,
    reason: decoded(header(REASON)),
    date: new Date(time),
  };
}
