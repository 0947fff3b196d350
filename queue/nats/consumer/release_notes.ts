/** @module */
import {
  answered,
  api,
  ApiError,
  type ApiReply,
  code,
} from "../transport/jetstream_api.ts";
import type { Delivery } from "./delivery.ts";
import type { ReconnectingConnection } from "../transport/reconnecting_connection.ts";
import type { Subjects } from "../_subjects.ts";
import {
  findMessage,
  headersIn,
  type StoredMessage,
} from "../transport/stored_message.ts";

interface PutReply extends ApiReply {
  seq: number;
}

/** The headers of a note: the delivery that it is about. */
const DELIVERY = "Jobs-Delivery";

/**
 * How often jobs were given back that count as not taken. The servers count
 * every delivery; of those that were no attempts (the job was not due yet,
 * nobody waited for it any more, its worker had to go) there is a note beside.
 * Most jobs need none.
 */
export class ReleaseNotes {
  readonly #link: ReconnectingConnection;
  readonly #names: Subjects;

  constructor(link: ReconnectingConnection, names: Subjects) {
    this.#link = link;
    this.#names = names;
  }

  /** Completes `delivery` with what its note says. */
  async read(delivery: Delivery, until: number): Promise<void> {
    const found = await this.#find(delivery, until);
    if (found === undefined) return;
    delivery.note = found.seq;
    delivery.returns = Number(atob(found.data ?? ""));
  }

  #find({ key }: Delivery, until: number): Promise<StoredMessage | undefined> {
    const { returned } = this.#names;
    const last = { last_by_subj: this.#names.returns(key) };
    return findMessage(this.#link, returned, last, { until });
  }

  /**
   * Notes that this delivery was no attempt. False where somebody else has
   * noted something since: the job is not ours to give back.
   */
  async write(delivery: Delivery, until: number): Promise<boolean> {
    try {
      delivery.note = await this.#put(delivery, until);
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      if (error.code !== code.notThatSequence) throw error;
      // Or it is there, and nobody knew: what has no answer is asked again.
      const found = await this.#find(delivery, until);
      if (found === undefined) return false;
      if (headersIn(found)(DELIVERY) !== delivery.answerTo) return false;
      delivery.note = found.seq;
    }
    delivery.returns++;
    return true;
  }

  async #put(delivery: Delivery, until: number): Promise<number> {
    const { key, note, returns, answerTo } = delivery;
    const question = {
      asked: "to give a job back",
      subject: this.#names.returns(key),
      data: String(returns + 1),
    };
    const { seq } = await answered<PutReply>(this.#link, question, {
      headers: {
        "Nats-Expected-Last-Subject-Sequence": String(note),
        [DELIVERY]: answerTo,
      },
      until,
    });
    return seq;
  }

  /** The job is finished: there is nothing more to know about it. */
  async forget(delivery: Delivery): Promise<void> {
    if (delivery.note === 0) return;
    await api(this.#link, `STREAM.PURGE.${this.#names.returned}`, {
      filter: this.#names.returns(delivery.key),
    }, { until: performance.now() + 5000 });
  }
}
