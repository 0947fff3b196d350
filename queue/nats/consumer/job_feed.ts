/** @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import { FairChoice, PASSES } from "../../jobs/fair_choice.ts";
import type { Priority } from "../../jobs/settings.ts";
import type { QueueContext } from "../queue_context.ts";
import { consumerOf, type Line, LINES, PLAIN_LINE } from "../subjects.ts";
import type { Msg, Subscription } from "../transport/client.ts";
import { type Delivery, deliveryOf } from "./delivery.ts";
import { JobLease } from "./job_lease.ts";
import { PullConsumer, type PullEnd } from "./pull_consumer.ts";

/** After a refusal, at first and at most, in milliseconds. */
const FIRST_REST = 250, LONGEST_REST = 4000;

/** So many delayed jobs are looked at at a time. */
const DELAYED_BATCH = 256;

/** What a feed reports, and asks. */
export interface FeedEvents {
  /** How many more jobs are wanted, beside those that have come. */
  wanted(): number;
  arrived(delivery: Delivery): void;
  /** For the whole time of a request nothing came. */
  idle(): void;
  /** A request was lost, or refused: is the queue still there? */
  check(): Promise<void>;
}

interface Source {
  readonly line: Line;
  readonly consumer: PullConsumer;
  /** Whether the last request has found nothing. */
  empty: boolean;
  /** Whether many delayed jobs are being looked at. */
  looking: boolean;
}

/**
 * Asks the servers for as many jobs as are wanted. Each line of jobs has a
 * consumer of its own: they are asked in order of urgency, and those that have
 * nothing keep a request, to be told.
 */
export class JobFeed {
  readonly #context: QueueContext;
  readonly #loop = getRunningLoop();
  readonly #events: FeedEvents;
  readonly #inbox: string = `_INBOX.${crypto.randomUUID()}`;
  readonly #subscription: Subscription;
  readonly #sources: (Source | undefined)[] = LINES.map(() => undefined);
  readonly #choice = new FairChoice();
  #count = 0;
  #planned = false;
  #rest = FIRST_REST;
  /** Set while it rests after a refusal. */
  #resting: TimerHandle | undefined = undefined;
  #paused = false;
  #stopped = false;

  constructor(context: QueueContext, events: FeedEvents) {
    this.#context = context;
    this.#events = events;
    const { connection } = context;
    this.#subscription = connection.subscribe(
      `${this.#inbox}.*.*`,
      (message) => this.#received(message),
    );
    connection.onChange(() => this.#forget());
  }

  /** Takes from this line as well. */
  add(line: Line): void {
    const index = LINES.indexOf(line);
    if (this.#sources[index] !== undefined) return;
    const { connection, subjects, incarnation } = this.#context;
    const name = consumerOf(line, incarnation);
    const consumer = new PullConsumer({
      connection,
      loop: this.#loop,
      subject: `$JS.API.CONSUMER.MSG.NEXT.${subjects.jobs}.${name}`,
      inbox: `${this.#inbox}.${index}`,
    }, {
      ended: (how, kept) => this.#ended(source, how, kept),
    });
    const source: Source = {
      line,
      consumer,
      empty: false,
      looking: false,
    };
    this.#sources[index] = source;
    this.#count++;
    this.plan();
  }

  /** Whether it takes from this line. */
  has(line: Line): boolean {
    return this.#sources[LINES.indexOf(line)] !== undefined;
  }

  /** The lines that it takes from. */
  get lines(): Line[] {
    return LINES.filter((_, index) => this.#sources[index] !== undefined);
  }

  set paused(paused: boolean) {
    this.#paused = paused;
    if (!paused) this.plan();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Whether all jobs come from one line, in their order. */
  get isPlain(): boolean {
    return this.#count === 1;
  }

  /** Lets one request be made for all that begin to wait now. */
  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.#pull();
    });
  }

  /** No more requests; what is on its way by now has arrived after this. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#resting?.cancel();
    const { up } = this.#context.connection;
    const arrived = up ? this.#subscription.drain() : undefined;
    this.#clear();
    await arrived;
  }

  /** Ends it, whether the servers answer or not. */
  close(): void {
    this.#stopped = true;
    this.#resting?.cancel();
    this.#clear();
  }

  #pull(): void {
    const { connection } = this.#context;
    if (this.#stopped || this.#paused || !connection.up) return;
    if (this.#resting !== undefined) return;
    const wanted = this.#events.wanted();
    if (wanted <= 0) return;
    if (this.isPlain) {
      const { consumer } = this.#sources[LINES.indexOf(PLAIN_LINE)]!;
      const batch = wanted - consumer.asked;
      if (batch > 0) consumer.pull(batch, true);
    } else this.#pullByUrgency(wanted);
  }

  /**
   * A line that may have jobs is asked for them, one line at a time. The lines
   * that have none keep a request each.
   */
  #pullByUrgency(wanted: number): void {
    const sources = this.#sources.filter((it) => it !== undefined);
    const isAsked = ({ consumer, empty, looking }: Source) =>
      !empty && !looking && consumer.asked > 0;
    if (sources.some(isAsked)) return;
    const full = ({ consumer, empty }: Source) =>
      !empty && consumer.asked === 0;
    const has = (priority: Priority) =>
      sources.some((it) => it.line.priority === priority && full(it));
    const priority = this.#choice.choose(has);
    for (const { consumer, empty } of sources) {
      if (empty && consumer.asked === 0) consumer.pull(1, true);
    }
    if (priority === undefined) return;
    const source = sources.find((it) =>
      it.line.priority === priority && full(it)
    )!;
    const overtaken = sources.some((it) =>
      it.line.priority < priority && full(it)
    );
    // One whose turn it is out of order gets a single job.
    const most = overtaken ? 1 : PASSES + 1;
    source.consumer.pull(Math.min(wanted, most), false);
  }

  /** Looks at many delayed jobs: `sort` puts off those that are not due. */
  lookAhead(line: Line): void {
    const source = this.#sources[LINES.indexOf(line)];
    if (source === undefined || source.consumer.asked > 0) return;
    if (this.#stopped || !this.#context.connection.up) return;
    source.looking = true;
    source.consumer.pull(DELAYED_BATCH, false);
  }

  #received(message: Msg): void {
    const { connection, clock, settings } = this.#context;
    const delivery = deliveryOf(
      message,
      () => new JobLease(clock, connection.sentAfter + settings.lease),
    );
    if (delivery === undefined) {
      const [index, number] = message.subject.split(".").slice(-2).map(Number);
      return this.#sources[index!]?.consumer.told(number!, message);
    }
    const { line } = delivery;
    this.#rest = FIRST_REST;
    const source = this.#sources[LINES.indexOf(line)];
    if (source !== undefined) {
      source.empty = false;
      const has = (priority: Priority) =>
        this.#sources.some((it) => it?.line.priority === priority && !it.empty);
      if (!this.isPlain) this.#choice.taken(line.priority, has);
      source.consumer.arrived();
    }
    this.#events.arrived(delivery);
    this.plan();
  }

  #ended(source: Source, how: PullEnd, kept: boolean): void {
    source.looking = false;
    if (how === "refused") return this.#restAwhile();
    if (how === "empty") {
      // What has come since a kept request is over, is asked for by urgency.
      source.empty = !kept;
      if (kept) this.#events.idle();
    }
    this.plan();
  }

  /** Something is wrong: asks again after a pause, if the queue is there. */
  #restAwhile(): void {
    if (this.#stopped || this.#resting !== undefined) return;
    this.#resting = this.#loop.callLater(this.#rest, async () => {
      await this.#events.check();
      this.#resting = undefined;
      this.plan();
    });
    this.#rest = Math.min(this.#rest * 2, LONGEST_REST);
  }

  /** With the connection go the requests that were made through it. */
  #forget(): void {
    this.#clear();
    this.plan();
  }

  #clear(): void {
    for (const source of this.#sources) {
      if (source === undefined) continue;
      source.consumer.clear();
      source.empty = source.looking = false;
    }
  }
}
