/** @module */
import type { Codec } from "../../jobs/codec.ts";
import { JobWaiters } from "../../jobs/job_waiters.ts";
import type { Limits } from "../../jobs/limits.ts";
import type { QueueContext } from "../queue_context.ts";
import type { KnownJobs } from "../shared/known_jobs.ts";
import type { Line } from "../subjects.ts";
import type { Acks } from "./acks.ts";
import { Admission, type SharedLimits } from "./admission.ts";
import { Arrivals } from "./arrivals.ts";
import { DueJobs } from "./due_jobs.ts";
import { Hand } from "./hand.ts";
import { JobFeed } from "./job_feed.ts";
import { LeaseKeeper } from "./lease_keeper.ts";
import { LimitedGets } from "./limited_gets.ts";
import type { NatsJob } from "./nats_job.ts";

/** What a dispatcher works with. */
export interface DispatcherParts<T> {
  readonly context: QueueContext;
  readonly codec: Codec<T>;
  readonly acks: Acks;
  readonly known: KnownJobs;
  readonly limits: SharedLimits;
  /** See `FeedEvents`. */
  idle(line: Line): void;
  /** See `FeedEvents`. */
  check(): Promise<void>;
}

/**
 * Asks the servers for jobs while calls of `get` wait, and hands the jobs that
 * come to these calls, in the order of the queue.
 */
export class Dispatcher<T> {
  readonly waiters: JobWaiters<T>;
  readonly feed: JobFeed;
  readonly #acks: Acks;
  readonly #hand: Hand<T>;
  readonly #due: DueJobs<T>;
  readonly #arrivals: Arrivals<T>;
  readonly #admission: Admission<T>;
  readonly #limited: LimitedGets<T>;
  readonly #keeper: LeaseKeeper;
  #isClosed = false;

  constructor(
    { context, codec, acks, known, limits, idle, check }: DispatcherParts<T>,
  ) {
    this.#acks = acks;
    const hand = this.#hand = new Hand(context.clock);
    const waiters = this.waiters = new JobWaiters<T>({
      take: (limits) => limits === undefined ? this.#take() : undefined,
      handBack: (job) => (job as NatsJob<T>).handBack(),
      wanted: () => this.#serve(),
      get empty() {
        return hand.size === 0;
      },
      external: true,
    });
    const admission = this.#admission = new Admission(context, limits, {
      free: (job) => this.#offer(job),
      begin: (work) => acks.inBackground(work),
    });
    acks.jobs.onGone = (delivery) => admission.gone(delivery);
    acks.jobs.ending.onLate = () => this.feed.plan();
    acks.jobs.onExtended = (delivery) => admission.extended(delivery);
    this.#limited = new LimitedGets({
      acks,
      waiters,
      admission,
      take: () => this.#take(),
      putBack: (job) => this.#offerLater(job),
      paused: () => this.feed.paused,
      admitted: () => this.#serve(),
    });
    this.#due = new DueJobs({
      isNext: (delivery) => this.feed.isNext(delivery),
      next: (job) => this.#offerLater(job),
    });
    this.feed = new JobFeed(context, {
      wanted: () => this.#wanted(),
      moved: () => this.#due.moved(),
      waitsForOthers: (line) => this.#due.hasOf(line),
      arrived: (delivery) => this.#arrivals.add(delivery),
      idle,
      check,
    });
    this.#arrivals = new Arrivals({ context, codec, acks, known }, {
      ready: (job) => this.#ready(job),
      early: (line) => this.feed.lookAhead(line),
      sorted: () => this.#serve(),
    });
    this.#keeper = new LeaseKeeper(context, acks, () => this.#waitingJobs());
  }

  /** Whether the job with this number has come, and waits here. */
  isWaiting(sequence: number): boolean {
    return this.#hand.has(sequence) ||
      this.#waitingJobs().some((it) => it.delivery.sequence === sequence);
  }

  #waitingJobs(): NatsJob<T>[] {
    return [...this.#hand.jobs, ...this.#due.jobs, ...this.#limited.jobs];
  }

  /** How many more jobs are to be asked for. */
  #wanted(): number {
    let free = 0;
    let limited = 0;
    for (const { limits } of this.waiters) {
      if (limits === undefined) free++;
      else if (!this.#limited.isSlowed(limits)) limited++;
    }
    const ahead = this.feed.isPlain && limited === 0 ? this.#hand.ahead : 0;
    const here = this.#hand.size + this.#arrivals.size + this.#limited.size;
    return free + limited + ahead - here + this.#acks.jobs.ending.late;
  }

  /** Hands a job out that has come, when it is the next one. */
  #ready(job: NatsJob<T>): void {
    if (this.feed.isNext(job.delivery)) return this.#offer(job);
    if (this.feed.paused || this.#isClosed) return job.handBack();
    this.#due.add(job);
    this.#keeper.start();
  }

  /** Hands a job out, now or when a call of `get` comes. */
  #offer(job: NatsJob<T>): void {
    if (this.feed.paused || this.#isClosed) return job.handBack();
    const { first } = this.waiters;
    const isFree = first !== undefined && first.limits === undefined;
    if (isFree && this.#hand.size === 0 && first.give(job)) {
      return this.#hand.passed();
    }
    this.#hand.add(job);
    this.#keeper.start();
    this.#handOut();
  }

  /** The same for a job that has waited here, and may have expired. */
  #offerLater(job: NatsJob<T>): void {
    if (job.isExpired) job.expire();
    else this.#offer(job);
  }

  /** Takes the next job that has come, and has not expired. */
  #take(): NatsJob<T> | undefined {
    if (this.feed.paused) return undefined;
    for (let job = this.#hand.take(); job; job = this.#hand.take()) {
      if (!job.isExpired) return job;
      job.expire();
    }
    return undefined;
  }

  #handOut(): void {
    if (this.feed.paused) return this.#hand.clear();
    const waiting = new Map<Limits, number>();
    for (const waiter of this.waiters) {
      if (this.#hand.size === 0) return;
      const { limits } = waiter;
      if (limits === undefined) {
        const job = this.#take();
        if (job !== undefined && !waiter.give(job)) this.#hand.add(job);
      } else {
        const count = (waiting.get(limits) ?? 0) + 1;
        waiting.set(limits, count);
        this.#limited.admitFor(limits, count);
      }
    }
  }

  /** Hands out what has come, and asks for more. */
  #serve(): void {
    this.#handOut();
    this.feed.plan();
  }

  /** Called when work with `limits` has ended. */
  limitsEnded(limits: Limits): void {
    this.#limited.ended(limits);
  }

  /** Lets all calls of `get` reject with `error`. Jobs go back as they come. */
  close(error: unknown): void {
    this.#isClosed = true;
    this.waiters.close(error);
    this.#limited.close();
    this.#keeper.close();
  }

  /** Gives back what waits here. Resolves when no more jobs come. */
  async stop(): Promise<void> {
    const stopped = this.feed.stop();
    this.#giveBack();
    await stopped;
    this.#giveBack();
  }

  /** The same without waiting for the servers. */
  abort(): void {
    this.feed.close();
    this.#giveBack();
  }

  #giveBack(): void {
    this.#hand.clear();
    this.#due.clear();
    this.#admission.close();
  }
}
