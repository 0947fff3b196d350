/** @module */
import type { QueueContext } from "../queue_context.ts";
import {
  api,
  type ApiReply,
  isConflict,
  reply,
} from "../transport/jetstream_api.ts";
import { deadlineIn } from "../transport/deadline.ts";
import {
  findMessage,
  headersIn,
  type StoredMessage,
  textIn,
} from "../transport/stored_message.ts";
import type { Delivery } from "./delivery.ts";

interface PutReply extends ApiReply {
  seq: number;
}

/** What is noted of a job that was given back. */
export interface ReleaseNote {
  /** How many of its deliveries were no attempts. */
  readonly returns: number;
  /** How many attempts it has had. */
  readonly attempts: number;
  /** When, by `Date.now()`, it may be taken again. */
  readonly due: number;
}

/** The header of a note: the delivery that it is about. */
const DELIVERY = "Jobs-Delivery";

/** Removing a note that is no longer needed takes this long at most. */
const FORGETTING = 5000;

/**
 * Notes on jobs that were given back. The servers count every delivery; some were
 * no attempts: the job was not due yet, no wait was left for it, its worker
 * had to end. Most jobs need no note.
 */
export class ReleaseNotes {
  readonly #context: QueueContext;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  /** Completes `delivery` with what its note says. */
  async read(delivery: Delivery): Promise<void> {
    const found = await this.#find(delivery);
    if (found === undefined) return;
    delivery.note = found.seq;
    delivery.returns = noteIn(found).returns;
  }

  #find({ key, lease }: Delivery): Promise<StoredMessage | undefined> {
    const { connection, subjects } = this.#context;
    const last = { last_by_subj: subjects.returns(key) };
    const options = { deadline: lease };
    return findMessage(connection, subjects.returned, last, options);
  }

  /**
   * Notes that the job is given back, for `delay` milliseconds; `attempt` says
   * whether this delivery was one.
   *
   * @returns False if another process has noted something since: then the job is
   * not ours to give back.
   */
  async write(
    delivery: Delivery,
    { delay, attempt }: { delay: number; attempt: boolean },
  ): Promise<boolean> {
    const returns = delivery.returns + Number(!attempt);
    const note: ReleaseNote = {
      returns,
      attempts: Math.max(delivery.deliveries - returns, 0),
      due: delay > 0 ? Math.ceil(Date.now() + delay) : 0,
    };
    try {
      delivery.note = await this.#put(delivery, note);
    } catch (error) {
      if (!isConflict(error)) throw error;
      // Or it is there, and the answer was lost: the request was repeated.
      const found = await this.#find(delivery);
      if (found === undefined) return false;
      if (headersIn(found)(DELIVERY) !== delivery.replyTo) return false;
      delivery.note = found.seq;
    }
    delivery.returns = returns;
    return true;
  }

  async #put(delivery: Delivery, written: ReleaseNote): Promise<number> {
    const { connection, subjects } = this.#context;
    const { key, note, replyTo, lease } = delivery;
    const request = {
      asked: "to give a job back",
      subject: subjects.returns(key),
      data: JSON.stringify(written),
    };
    const { seq } = await reply<PutReply>(connection, request, {
      headers: {
        "Nats-Expected-Last-Subject-Sequence": String(note),
        [DELIVERY]: replyTo,
      },
      deadline: lease,
    });
    return seq;
  }

  /** The job is finished: its note goes. */
  async forget({ note, key }: Delivery): Promise<void> {
    if (note === 0) return;
    const { connection, subjects } = this.#context;
    await api(connection, `STREAM.PURGE.${subjects.returned}`, {
      filter: subjects.returns(key),
    }, { deadline: deadlineIn(FORGETTING) });
  }
}

/** Reads a note. */
export function noteIn(message: StoredMessage): ReleaseNote {
  let note: Partial<ReleaseNote> | number | null = null;
  try {
    note = JSON.parse(textIn(message));
  } catch {
    // Not written here.
  }
  if (typeof note !== "object" || note === null) note = {};
  const { returns = 0, attempts = 0, due = 0 } = note;
  return { returns, attempts, due };
}
