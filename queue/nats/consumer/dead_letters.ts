/** @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { ignoreCancelRejection } from "../../../tasks/kernel/wait/checkpoint.ts";
import type { Codec } from "../../jobs/codec.ts";
import type { DeadLetter } from "../../jobs/jobs.ts";
import { type DeadJob, DeadLetterEntry } from "../../jobs/dead_letter.ts";
import { listing } from "../../jobs/listing.ts";
import { ID } from "./delivery.ts";
import { ATTEMPTS, REASON } from "./acks.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import type { Subjects } from "../_subjects.ts";
import { lastLetter } from "../_provision.ts";
import {
  dataIn,
  findMessage,
  headersIn,
  removeMessage,
  type StoredMessage,
} from "../transport/stored_message.ts";

/** Puts a job back: its number among the letters tells it from others. */
export type PutBack<T> = (
  letter: DeadLetter<T>,
  number: number,
  options?: WaitOptions,
) => Promise<void>;

/** The dead letters of a queue. */
export class DeadLetters<T> {
  readonly #link: ReconnectingConnection;
  readonly #names: Subjects;
  readonly #codec: Codec<T>;
  readonly #putBack: PutBack<T>;

  constructor(
    link: ReconnectingConnection,
    names: Subjects,
    codec: Codec<T>,
    putBack: PutBack<T>,
  ) {
    this.#link = link;
    this.#names = names;
    this.#codec = codec;
    this.#putBack = putBack;
  }

  /** Those that there are when it is first asked. */
  list(options?: WaitOptions): AsyncIterableIterator<DeadLetter<T>> {
    let next = 1;
    let last: number | undefined;
    return listing(async () => {
      last ??= await lastLetter(this.#link, this.#names, options);
      if (next > last) return undefined;
      const found = await this.#find(next, options);
      if (found === undefined || found.seq > last) return undefined;
      next = found.seq + 1;
      return this.#letter(found);
    });
  }

  #find(
    seq: number,
    options?: WaitOptions,
  ): Promise<StoredMessage | undefined> {
    const { dead, letters } = this.#names;
    return findMessage(
      this.#link,
      dead,
      { seq, next_by_subj: letters },
      options,
    );
  }

  #letter(message: StoredMessage): DeadLetter<T> {
    const { seq, time } = message;
    const header = headersIn(message);
    const remains: DeadJob = {
      id: decodeURIComponent(header(ID)),
      data: dataIn(message),
      attempts: Number(header(ATTEMPTS)),
      reason: decodeURIComponent(header(REASON)),
      date: new Date(time),
    };
    const drop = (options?: WaitOptions) =>
      removeMessage(this.#link, this.#names.dead, seq, options);
    const requeue = async (options?: WaitOptions) => {
      const found = await this.#find(seq, options);
      if (found?.seq !== seq) return; // somebody else was faster
      await this.#putBack(letter, seq, options);
      await drop(options);
    };
    const letter = new DeadLetterEntry(remains, this.#codec, {
      drop: (options) => ignoreCancelRejection(drop(options)),
      requeue: (options) => ignoreCancelRejection(requeue(options)),
    });
    return letter;
  }
}
