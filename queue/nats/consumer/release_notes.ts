/** Notes on jobs that were given back. @module */
import { momentIn } from "../../jobs/settings.ts";
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
  storedHeaders,
  type StoredMessage,
  textIn,
} from "../transport/stored_message.ts";
import type { Delivery } from "./delivery.ts";

interface PutReply extends ApiReply {
  seq: number;
}

/** The note on a job that was given back. */
export interface ReleaseNote {
  /** How many deliveries of the job were no attempts. */
  readonly returns: number;
  /** How many attempts there were. */
  readonly attempts: number;
  /** When, by `Date.now()`, the job may be taken again. */
  readonly due: number;
  /** Whether a process held the job. */
  readonly held?: boolean;
}

/** How a job is given back. */
export interface Return {
  readonly delay: number;
  readonly attempt: boolean;
  /** Whether this process or another one holds the job; `false` by default. */
  readonly held?: boolean;
}

/** The header with the delivery that a note is about. */
const DELIVERY = "Jobs-Delivery";

/** How long removing a note may take, in milliseconds. */
const FORGET_TIMEOUT = 5000;

/**
 * Notes on jobs that were given back. The servers count every delivery, but some
 * are no attempts: the job was not due, no call of `get` waited any more, or the
 * worker had to end. Most jobs need no note.
 */
export class ReleaseNotes {
  readonly #context: QueueContext;

  constructor(context: QueueContext) {
    this.#context = context;
  }

  /**
   * Reads the note on a job into `delivery`.
   *
   * @returns Whether the job was given back after each earlier delivery.
   */
  async read(delivery: Delivery): Promise<boolean> {
    const found = await this.#find(delivery);
    if (found === undefined) return false;
    const { returns, attempts, held } = noteIn(found);
    delivery.note = found.seq;
    delivery.returns = returns;
    return held !== true && returns + attempts >= delivery.deliveries - 1;
  }

  #find({ key, lease }: Delivery): Promise<StoredMessage | undefined> {
    const { connection, subjects } = this.#context;
    const last = { last_by_subj: subjects.returns(key) };
    const options = { deadline: lease };
    return findMessage(connection, subjects.returned, last, options);
  }

  /**
   * Notes that the job is given back, for `delay` milliseconds, and whether this
   * delivery was an attempt.
   *
   * @returns `false` if another process has written a note since, other than that
   * this one holds the job: then the job belongs to that one.
   */
  async write(
    delivery: Delivery,
    { delay, attempt, held = false }: Return,
  ): Promise<boolean> {
    let { deliveries } = delivery;
    for (;;) {
      const returns = delivery.returns + Number(!attempt);
      const note: ReleaseNote = {
        returns,
        attempts: Math.max(deliveries - returns, 0),
        due: delay > 0 ? momentIn(delay) : 0,
        ...(held && { held }),
      };
      try {
        delivery.note = await this.#put(delivery, note);
        delivery.returns = returns;
        return true;
      } catch (error) {
        if (!isConflict(error)) throw error;
      }
      const found = await this.#find(delivery);
      if (found === undefined) return false;
      // The note may be this one: the request was repeated if its answer was lost.
      const before = noteIn(found);
      const isOwn = storedHeaders(found)(DELIVERY) === delivery.replyTo &&
        before.held === held;
      if (!isOwn && (held || !before.held)) return false;
      delivery.note = found.seq;
      delivery.returns = before.returns;
      if (isOwn) return true;
      // Another process gave back what this one holds: its delivery counts, too.
      deliveries = Math.max(deliveries, before.returns + before.attempts);
    }
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

  /** Removes the note on a finished job. */
  async forget({ key }: Delivery): Promise<void> {
    const { connection, subjects } = this.#context;
    await api(connection, `STREAM.PURGE.${subjects.returned}`, {
      filter: subjects.returns(key),
    }, { deadline: deadlineIn(FORGET_TIMEOUT) });
  }
}

/** Reads a note. */
export function noteIn(message: StoredMessage): ReleaseNote {
  let note: Partial<ReleaseNote> | number | null = null;
  try {
    note = JSON.parse(textIn(message));
  } catch {
    // Not written by this package.
  }
  if (typeof note !== "object" || note === null) note = {};
  const { returns = 0, attempts = 0, due = 0, held = false } = note;
  return { returns, attempts, due, held };
}
