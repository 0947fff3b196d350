/** Makes jobs of the deliveries that have come. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
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
import type { Knowledge } from "./held_jobs.ts";
import { NatsJob } from "./nats_job.ts";

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
 * For how long after the connection was made again each delivery is asked about, in
 * milliseconds, and for how long again and again, until all processes are back: a
 * server that was killed may have forgotten what it has handed out.
 */
const DOUBT = 2000, RETURN = 500;

/** After how many jobs that no process knows the rest counts as new. */
const NEW = 20;

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
  readonly #known: KnownJobs;
  readonly #events: ArrivalEvents<T>;
  readonly #loop = getRunningLoop();
  /** The highest number of a first delivery, by line: they come in order. */
  readonly #highest = new Map<Line, number>();
  /** When the connection was made again, by the clock. */
  #connected = -Infinity;
  /** How many jobs since then no process knew, one after the other. */
  #unknown = 0;
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
    this.#known = known;
    this.#events = events;
    const { connection, clock } = context;
    connection.onChange(() => {
      if (!connection.up) return;
      this.#connected = clock.now();
      this.#unknown = 0;
    });
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
    const isFirst = this.#isFirst(delivery);
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
    if (!jobs.isDone(delivery)) return jobs.renew(delivery);
    this.#acks.ackAgain(delivery);
    return true;
  }

  /** Whether the job was not delivered before, as far as can be seen. */
  #isFirst({ deliveries, line, sequence }: Delivery): boolean {
    if (deliveries > 1) return false;
    if (sequence <= (this.#highest.get(line) ?? 0)) return false;
    this.#highest.set(line, sequence);
    return this.#unknown >= NEW || this.#connectedFor > DOUBT;
  }

  get #connectedFor(): number {
    return this.#context.clock.now() - this.#connected;
  }

  async #ask(key: string): Promise<Knowledge | undefined> {
    const { connection } = this.#context;
    let known: Knowledge | undefined;
    do {
      known = await this.#known.ask(key);
    } while (
      known === undefined && this.#connectedFor < RETURN &&
      connection.error === undefined
    );
    this.#unknown = known === undefined ? this.#unknown + 1 : 0;
    return known;
  }

  /** A delivery that is not due, or not the first one of its job. */
  async #sort(delivery: Delivery, isFirst: boolean): Promise<void> {
    const { maxAttempts } = this.#context.settings;
    const wasReturned = delivery.deliveries > 1 &&
      await this.#acks.notes.read(delivery);
    const known = isFirst || wasReturned
      ? undefined
      : await this.#ask(delivery.key);
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
    let timer: TimerHandle | undefined = undefined;
    const decoding = new Decoding(delivery, attempt, {
      acks: this.#acks,
      ended: () => {
        timer?.cancel();
        ended.resolve();
        this.#sorting--;
        this.#events.sorted();
      },
    });
    const look = () => {
      const left = decoding.delivery.lease.remaining();
      if (left > 0) timer = this.#loop.callLater(left, look);
      else decoding.end();
    };
    look();
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
