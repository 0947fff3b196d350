/** Makes jobs of the deliveries that have come. @module */
import { isThenable } from "../../../tasks/kernel/types.ts";
import {
  attemptsUsedUp,
  type Codec,
  EXPIRED,
  undecodable,
} from "../../jobs/codec.ts";
import type { QueueContext } from "../queue_context.ts";
import type { KnownJobs } from "../shared/known_jobs.ts";
import type { Line } from "../subjects.ts";
import type { Acks } from "./acks.ts";
import { Decoding } from "./decoding.ts";
import type { Delivery } from "./delivery.ts";
import { NatsJob } from "./nats_job.ts";
import { Repeats } from "./repeats.ts";

/** What the arrivals report. */
export interface ArrivalEvents<T> {
  /** A job can be handed out. */
  ready(job: NatsJob<T>): void;
  /** A delayed job of this line came too early: others may be due. */
  early(line: Line): void;
  /** A delivery was looked at, which may have become a job or not. */
  sorted(): void;
}

/**
 * Decides what becomes of each delivery: a job, a dead letter, or one that goes
 * back as it is not due yet. A job that was done is taken out again, and one that
 * another process holds goes back: servers that were killed, or lead since another
 * was lost, may not know of it.
 */
export class Arrivals<T> {
  readonly #context: QueueContext;
  readonly #codec: Codec<T>;
  readonly #acks: Acks;
  readonly #repeats: Repeats;
  readonly #events: ArrivalEvents<T>;
  #sorting = 0;

  constructor(
    { context, codec, acks, known }: {
      context: QueueContext;
      codec: Codec<T>;
      acks: Acks;
      known: KnownJobs;
    },
    events: ArrivalEvents<T>,
  ) {
    this.#context = context;
    this.#codec = codec;
    this.#acks = acks;
    this.#repeats = new Repeats(context, known);
    this.#events = events;
  }

  /** How many deliveries are being looked at that may become jobs. */
  get size(): number {
    return this.#sorting;
  }

  add(delivery: Delivery): void {
    if (delivery.lease.remaining() <= 0) {
      this.#acks.jobs.lose(delivery.sequence);
      // It has waited in the socket; what comes after the answer has not.
      return this.#context.connection.ping();
    }
    if (this.#isHere(delivery)) return;
    this.#acks.jobs.lose(delivery.sequence);
    const isEarly = delivery.due > Date.now();
    const isFirst = this.#repeats.isFirst(delivery);
    if (isFirst && !isEarly) return this.#decode(delivery, 1);
    if (isEarly) this.#events.early(delivery.line);
    const count = isEarly ? 0 : 1;
    this.#sorting += count;
    this.#acks.inBackground(async () => {
      try {
        await this.#sort(delivery, isFirst);
      } finally {
        this.#sorting -= count;
        this.#events.sorted();
      }
    });
  }

  /** Deals with a job that this process has taken out, or holds. */
  #isHere(delivery: Delivery): boolean {
    const { jobs } = this.#acks;
    if (!jobs.done.has(delivery)) return jobs.renew(delivery);
    this.#acks.ackAgain(delivery);
    return true;
  }

  /** A delivery that is not due, or not the first one of its job. */
  async #sort(delivery: Delivery, isFirst: boolean): Promise<void> {
    const { maxAttempts } = this.#context.settings;
    const wasReturned = delivery.deliveries > 1 &&
      await this.#acks.notes.read(delivery);
    const known = isFirst || wasReturned
      ? undefined
      : await this.#repeats.ask(delivery.key);
    // Another delivery of the job may have come meanwhile.
    if (this.#isHere(delivery)) return;
    if (known === "done") return this.#acks.ackAgain(delivery);
    if (known !== undefined) {
      const how = { delay: known, attempt: false, held: true };
      return await this.#acks.nak(delivery, how);
    }
    const delay = delivery.due - Date.now();
    if (delay > 0) {
      return await this.#acks.nak(delivery, { delay, attempt: false });
    }
    const attempt = delivery.deliveries - delivery.returns;
    if (attempt <= maxAttempts) return this.#decode(delivery, attempt);
    const reason = attemptsUsedUp(maxAttempts, "its lease ran out");
    await this.#acks.deadLetter(delivery, maxAttempts, reason);
  }

  #decode(delivery: Delivery, attempt: number): void {
    if (attempt === 1 && delivery.expires < Date.now()) {
      return this.#giveUp(delivery, 0, EXPIRED);
    }
    try {
      const value = this.#codec.decode(delivery.data);
      if (!isThenable(value)) return this.#ready(value, delivery, attempt);
      this.#decodeLater(value as PromiseLike<T>, delivery, attempt);
    } catch (error) {
      this.#giveUp(delivery, attempt, undecodable(error));
    }
  }

  /** A `decode` that takes longer than the lease holds up no other job. */
  #decodeLater(
    value: PromiseLike<T>,
    delivery: Delivery,
    attempt: number,
  ): void {
    const ended = Promise.withResolvers<void>();
    this.#acks.inBackground(() => ended.promise);
    this.#sorting++;
    const decoding = new Decoding(delivery, attempt, {
      acks: this.#acks,
      ended: () => {
        ended.resolve();
        this.#sorting--;
        this.#events.sorted();
      },
    });
    Promise.resolve(value).then((decoded) => {
      if (decoding.end()) this.#ready(decoded, decoding.delivery, attempt);
    }, (error) => {
      if (!decoding.end()) return;
      this.#giveUp(decoding.delivery, attempt, undecodable(error));
    });
  }

  #ready(value: T, delivery: Delivery, attempt: number): void {
    const parts = { delivery, acks: this.#acks, context: this.#context };
    const job = new NatsJob(value, attempt, parts);
    this.#acks.jobs.hold(job);
    this.#events.ready(job);
  }

  #giveUp(delivery: Delivery, attempts: number, reason: string): void {
    this.#acks.inBackground(() =>
      this.#acks.deadLetter(delivery, attempts, reason)
    );
  }
}
