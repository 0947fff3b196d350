/** Asking the servers for jobs. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import { FairChoice, PASSES } from "../../jobs/fair_choice.ts";
import type { Priority } from "../../jobs/settings.ts";
import type { QueueContext } from "../queue_context.ts";
import { consumerOf, type Line, LINES, PLAIN_LINE } from "../subjects.ts";
import type { Msg, Subscription } from "../transport/client.ts";
import { type Delivery, deliveryOf } from "./delivery.ts";
import { JobLease } from "./job_lease.ts";
import { EXPIRES, PullConsumer, type PullEnd } from "./pull_consumer.ts";

/** The pause after a refusal, at first and at most, in milliseconds. */
const FIRST_REST = 250, LONGEST_REST = 4000;

/** How long the servers keep a request that makes them go on, in milliseconds. */
const PUSH = 20;

/** How many delayed jobs are looked at at a time. */
const DELAYED_BATCH = 256;

/** What a feed reports and asks for. */
export interface FeedEvents {
  /** Returns how many jobs are wanted beside those that have come. */
  wanted(): number;
  /** Called with each job that has come. */
  arrived(delivery: Delivery): void;
  /** Called when {@linkcode JobFeed.isNext} may have changed. */
  moved(): void;
  /** Whether a job of this line has come, and waits for others to come first. */
  waitsForOthers(line: Line): boolean;
  /** Called if nothing has come of a line for the whole time of a request. */
  idle(line: Line): void;
  /** Called if a request was lost or refused: the queue may be gone. */
  check(): Promise<void>;
}

/** The consumer of a line, and what is known of it. */
interface Source {
  readonly line: Line;
  readonly consumer: PullConsumer;
  /** Whether the last request has found nothing. */
  empty: boolean;
  /** Whether many delayed jobs are being looked at. */
  looking: boolean;
  /** The highest number of the jobs that have come. */
  last: number;
  /** How many requests are still to be short. */
  pushes: number;
}

/**
 * Asks the servers for as many jobs as are wanted. Each line of jobs has a consumer
 * of its own. They are asked in order of urgency. A line without jobs keeps a
 * request, which is answered when there is a job.
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
  /** The timer of the pause after a refusal. */
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

  /** Adds a line. */
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
      last: 0,
      pushes: 0,
    };
    this.#sources[index] = source;
    this.#count++;
    this.plan();
  }

  /** Whether `line` was added. */
  has(line: Line): boolean {
    return this.#sourceOf(line) !== undefined;
  }

  #sourceOf(line: Line): Source | undefined {
    return this.#sources[LINES.indexOf(line)];
  }

  /** The lines that were added. */
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

  /** Whether all jobs that come before this one in its priority have come. */
  isNext({ line, sequence }: Delivery): boolean {
    if (!line.delayed) return true;
    const others = this.#sources.find((it) =>
      it?.line.priority === line.priority && !it.line.delayed
    );
    return others === undefined || others.empty || others.last > sequence;
  }

  /** Makes one request in the next microtask, for all calls until then. */
  plan(): void {
    if (this.#planned) return;
    this.#planned = true;
    queueMicrotask(() => {
      this.#planned = false;
      this.#pull();
    });
  }

  /** Makes no more requests. Resolves when all jobs on their way have come. */
  async stop(): Promise<void> {
    this.#stopped = true;
    this.#resting?.cancel();
    const { up } = this.#context.connection;
    const arrived = up ? this.#subscription.drain() : undefined;
    this.#clear();
    await arrived;
  }

  /** Ends the feed, whether the servers answer or not. */
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
      const source = this.#sourceOf(PLAIN_LINE)!;
      const { consumer } = source;
      const batch = wanted - consumer.asked;
      if (batch > 0) consumer.pull(batch, this.#keep(source));
    } else this.#pullByUrgency(wanted);
  }

  /**
   * Asks one of the lines that may have jobs, if none of them is being asked. Lines
   * without jobs keep a request each.
   */
  #pullByUrgency(wanted: number): void {
    const sources = this.#sources.filter((it) => it !== undefined);
    if (sources.some(isBeingAsked)) return;
    const candidates = sources.filter((it) =>
      mayHaveJobs(it) && !this.#events.waitsForOthers(it.line)
    );
    const priority = this.#choice.choose((priority) =>
      candidates.some(({ line }) => line.priority === priority)
    );
    for (const source of sources) {
      const { consumer, empty } = source;
      if (empty && consumer.asked === 0) consumer.pull(1, this.#keep(source));
    }
    if (priority === undefined) return;
    const { consumer } = candidates.find(({ line }) =>
      line.priority === priority
    )!;
    const isMostUrgent = candidates.every(({ line }) =>
      line.priority >= priority
    );
    // A line that comes before more urgent ones is asked for a single job.
    const most = isMostUrgent ? PASSES + 1 : 1;
    consumer.pull(Math.min(wanted, most), 0);
  }

  /** Takes many delayed jobs: those that are not due are put off on arrival. */
  lookAhead(line: Line): void {
    const source = this.#sourceOf(line);
    if (source === undefined || source.consumer.asked > 0) return;
    if (this.#stopped || !this.#context.connection.up) return;
    source.looking = true;
    source.consumer.pull(DELAYED_BATCH, 0);
  }

  /**
   * Asks for the jobs of a line `times` times, one request after the other: a server
   * that hands out none goes on with each request.
   */
  push(line: Line, times: number): void {
    const source = this.#sourceOf(line);
    if (source === undefined || source.pushes > 0) return;
    source.pushes = times;
  }

  /** For how many milliseconds the servers keep the next request. */
  #keep(source: Source): number {
    if (source.pushes === 0) return EXPIRES;
    source.pushes--;
    return PUSH;
  }

  #received(message: Msg): void {
    const { connection, clock, settings } = this.#context;
    const delivery = deliveryOf(
      message,
      () => new JobLease(clock, connection.sentAfter + settings.lease),
    );
    if (delivery === undefined) {
      const [index, number] = message.subject.split(".").slice(-2).map(Number);
      return this.#sources[index!]?.consumer.statusReceived(number!, message);
    }
    const { line } = delivery;
    this.#rest = FIRST_REST;
    const source = this.#sourceOf(line);
    if (source !== undefined) {
      source.empty = false;
      source.last = Math.max(source.last, delivery.sequence);
      source.pushes = 0;
      const has = (priority: Priority) =>
        this.#sources.some((it) => it?.line.priority === priority && !it.empty);
      if (!this.isPlain) this.#choice.taken(line.priority, has);
      source.consumer.arrived();
    }
    this.#events.moved();
    this.#events.arrived(delivery);
    this.plan();
  }

  #ended(source: Source, how: PullEnd, kept: number): void {
    source.looking = false;
    if (how === "refused") return this.#restAwhile();
    if (how === "empty") {
      // After a kept request is over, there may be jobs: the line is asked again.
      source.empty = kept === 0;
      if (kept === 0) this.#events.moved();
      else if (kept === EXPIRES) this.#events.idle(source.line);
    }
    this.plan();
  }

  /** Asks again after a pause; the queue may be gone. */
  #restAwhile(): void {
    if (this.#stopped || this.#resting !== undefined) return;
    this.#resting = this.#loop.callLater(this.#rest, async () => {
      await this.#events.check();
      this.#resting = undefined;
      this.plan();
    });
    this.#rest = Math.min(this.#rest * 2, LONGEST_REST);
  }

  /** Called when the connection has changed: its requests are lost. */
  #forget(): void {
    this.#clear();
    this.plan();
  }

  #clear(): void {
    for (const source of this.#sources) {
      if (source === undefined) continue;
      source.consumer.clear();
      source.empty = source.looking = false;
      source.pushes = 0;
    }
  }
}

/** Whether a line that may have jobs is asked for them now. */
function isBeingAsked({ consumer, empty, looking }: Source): boolean {
  return !empty && !looking && consumer.asked > 0;
}

/** Whether a line may have jobs, and is not asked for them. */
function mayHaveJobs({ consumer, empty }: Source): boolean {
  return !empty && consumer.asked === 0;
}
