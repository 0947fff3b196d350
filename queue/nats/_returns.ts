/** @module */
import { api, ApiError, apiFind, type ApiReply, code } from "./_api.ts";
import type { Delivery } from "./_delivery.ts";
import type { Link } from "./_link.ts";
import type { Names } from "./_names.ts";

interface NoteReply extends ApiReply {
  message: { seq: number; data: string };
}

interface PutReply extends ApiReply {
  seq: number;
}

/**
 * How often jobs were given back that count as not taken. The servers count
 * every delivery; of those that were no attempts (the job was not due yet,
 * nobody waited for it any more, its worker had to go) there is a note beside.
 * Most jobs need none.
 */
export class Returns {
  readonly #link: Link;
  readonly #names: Names;

  constructor(link: Link, names: Names) {
    this.#link = link;
    this.#names = names;
  }

  /** Completes `delivery` with what its note says. */
  async read(delivery: Delivery, until: number): Promise<void> {
    const found = await apiFind<NoteReply>(
      this.#link,
      `STREAM.MSG.GET.${this.#names.returned}`,
      { last_by_subj: this.#names.returns(delivery.key) },
      { until },
    );
    if (found === undefined) return;
    delivery.note = found.message.seq;
    delivery.returns = Number(atob(found.message.data));
  }

  /**
   * Notes that this delivery was no attempt. False where somebody else has
   * noted something since: the job is not ours to give back.
   */
  async write(delivery: Delivery, until: number): Promise<boolean> {
    const subject = this.#names.returns(delivery.key);
    const message = await this.#link.ask(
      subject,
      String(delivery.returns + 1),
      {
        headers: {
          "Nats-Expected-Last-Subject-Sequence": String(delivery.note),
        },
        until,
      },
    );
    const reply = message.json<PutReply>();
    if (reply.error === undefined) {
      delivery.note = reply.seq;
      delivery.returns++;
      return true;
    }
    if (reply.error.err_code === code.notThatSequence) return false;
    throw new ApiError(reply.error, "to give a job back");
  }

  /** The job is finished: there is nothing more to know about it. */
  async forget(delivery: Delivery): Promise<void> {
    if (delivery.note === 0) return;
    await api(this.#link, `STREAM.PURGE.${this.#names.returned}`, {
      filter: this.#names.returns(delivery.key),
    }, { until: performance.now() + 5000 });
  }
}
