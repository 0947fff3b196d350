/** @module */
import { cancellable } from "../../tasks/cancellable.ts";
import { getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { isThenable, type WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { moveOnAfter, type Timeout } from "../../tasks/timeout.ts";
import { QueueShutDownError } from "../errors.ts";
import {
  attemptsUsedUp,
  type Codec,
  EXPIRED,
  undecodable,
} from "../jobs/codec.ts";
import { settled } from "../jobs/codec_wait.ts";
import { closedError, unknownJob } from "../jobs/errors.ts";
import type { Job } from "../jobs/job.ts";
import { JobWaiters } from "../jobs/job_waiters.ts";
import type {
  DeadLetter,
  JobInfo,
  Jobs,
  StoredJobState,
} from "../jobs/jobs.ts";
import { type Limits, LIMITS_ENDED } from "../jobs/limits.ts";
import type { PutOptions } from "../jobs/options.ts";
import { type Outcome, resultIn, valueOf } from "../jobs/results.ts";
import { SCHEDULES } from "../jobs/schedule/schedule.ts";
import {
  checkId,
  checkPut,
  checkState,
  DEFAULT_PRIORITY,
} from "../jobs/settings.ts";
import { QUEUE, type QueueName, traced } from "../jobs/telemetry.ts";
import type { QueueContext } from "./queue_context.ts";
import { Acks } from "./consumer/acks.ts";
import { Admission } from "./consumer/admission.ts";
import { DeadLetters, type StoredLetter } from "./consumer/dead_letters.ts";
import type { Delivery } from "./consumer/delivery.ts";
import { Hand } from "./consumer/hand.ts";
import { JobFeed } from "./consumer/job_feed.ts";
import { NatsJob } from "./consumer/nats_job.ts";
import { NatsError } from "./errors.ts";
import { ExpiryTimers } from "./_expiry.ts";
import { Inspection } from "./_inspection.ts";
import { Backlog } from "./producer/backlog.ts";
import { DoneNotices } from "./producer/done_notices.ts";
import {
  type JobMessage,
  type JobMeta,
  MESSAGE_ID,
  META,
  writtenMeta,
} from "./producer/job_message.ts";
import { Publisher } from "./producer/publisher.ts";
import { UniqueIds } from "./producer/unique_ids.ts";
import { provisionLine } from "./provision.ts";
import { Control } from "./shared/control.ts";
import { Holders } from "./shared/holders.ts";
import { KeptResults } from "./shared/kept_results.ts";
import { NatsSchedules } from "./shared/nats_schedules.ts";
import { SharedLimits } from "./shared/shared_limits.ts";
import { SharedState } from "./shared/shared_state.ts";
import { consumerOf, type Line, LINES, PLAIN_LINE } from "./subjects.ts";
import { apiFind } from "./transport/jetstream_api.ts";

/** Bytes that a dead letter needs beside the job itself. */
const HEADROOM = 6000;

/** Closing takes no longer, if the servers do not answer, in milliseconds. */
const CLOSING = 2000;

/** Between two looks at whether all is done, in milliseconds. */
const FIRST_LOOK = 10, LAST_LOOK = 500;

/** A job that is gone without an outcome is looked for again so many times. */
const GONE_LOOKS = 5;

/** The outcome of a job that had none to keep. */
const NOTHING: Outcome = { state: "done", result: undefined };

/** So many jobs of a `putMany` are on their way at a time. */
const PUTS_AT_A_TIME = 256;

/** What a queue on the servers is made of. */
export interface NatsJobsParts<T> {
  context: QueueContext;
  codec: Codec<T>;
  /** The lines that have a consumer. */
  lines: Line[];
  softBound: boolean;
  /** What ends with the run. */
  resources: Set<AsyncDisposable>;
}

/** A job that is to be put. */
interface Offer {
  readonly data: Uint8Array;
  readonly meta: Partial<JobMeta>;
  readonly line: Line;
  /** The id of the message; the servers store one of each id. */
  readonly messageId: string;
  /** For the error, if it comes to nothing. */
  readonly item: unknown;
}

/** Jobs in a stream of JetStream. */
export class NatsJobs<T> implements Jobs<T> {
  readonly [QUEUE]: QueueName;
  readonly [SCHEDULES]: NatsSchedules<T>;
  readonly #context: QueueContext;
  readonly #codec: Codec<T>;
  readonly #resources: Set<AsyncDisposable>;
  readonly #loop = getRunningLoop();
  readonly #state: SharedState;
  readonly #notices: DoneNotices;
  readonly #backlog: Backlog;
  readonly #publisher: Publisher;
  readonly #unique: UniqueIds;
  readonly #results: KeptResults;
  readonly #acks: Acks;
  readonly #feed: JobFeed;
  readonly #hand: Hand<T>;
  readonly #admission: Admission<T>;
  readonly #letters: DeadLetters<T>;
  readonly #control: Control;
  readonly #inspection: Inspection<T>;
  readonly #expiry = new ExpiryTimers();
  readonly #getters: JobWaiters<T>;
  /** Jobs that have come, and are looked at before they can be handed out. */
  #sorting = 0;
  /** Jobs that wait for a limit, of each kind of limits. */
  readonly #admitting = new Map<Limits, number>();
  /** Limits whose rate is used up. */
  readonly #slowed = new Set<Limits>();
  #keeper: TimerHandle | undefined = undefined;
  #closing: Promise<void> | undefined = undefined;

  constructor(
    { context, codec, lines, softBound, resources }: NatsJobsParts<T>,
  ) {
    const { connection, subjects } = context;
    this[QUEUE] = { system: "nats", name: subjects.name };
    this.#context = context;
    this.#codec = codec;
    this.#resources = resources;
    const begin = (work: () => Promise<void>) => this.#inBackground(work);
    const state = this.#state = new SharedState(context);
    const notices = this.#notices = new DoneNotices(context);
    this.#backlog = new Backlog(context);
    this.#publisher = new Publisher(context, notices, this.#backlog);
    this.#publisher.softBound = softBound;
    this.#unique = new UniqueIds(context, state);
    const results = this.#results = new KeptResults(context);
    this.#acks = new Acks(context, notices, results);
    this.#hand = new Hand(context.clock, (job) => this.#giveBack(job));
    this.#admission = new Admission(context, new SharedLimits(context, state), {
      free: (job) => this.#offer(job),
      putOff: (job, delay) => this.#giveBack(job, delay),
      begin,
    });
    this.#acks.onGone = (delivery) => this.#admission.gone(delivery);
    this.#acks.onExtended = (delivery) => this.#admission.extended(delivery);
    const letters = this.#letters = new DeadLetters(
      context,
      codec,
      (letter, stored, options) => this.#putBack(letter, stored, options),
    );
    this.#getters = this.#newGetters();
    this.#feed = this.#newFeed();
    const holders = new Holders(
      context,
      this.#acks,
      (seq) => this.#hand.has(seq) || this.#isParked(seq),
    );
    this.#inspection = new Inspection({
      context,
      codec,
      holders,
      letters,
      results,
      notices,
    });
    this[SCHEDULES] = new NatsSchedules(context, {
      state,
      begin,
      check: (options) => this.#checkOpen("schedule in", options),
      encode: (value) => codec.encode(value),
      put: (data, id) => this.#putRun(data, id),
      tell: () => this.#control.tell(),
    });
    this.#control = new Control(context, {
      state,
      begin,
      paused: (paused) => void (this.#feed.paused = paused),
      lines: (lines) => this.#addLines(lines),
      softBound: (soft) => void (this.#publisher.softBound = soft),
      looking: () => this.#acks.forgetLost(),
      shared: () => this[SCHEDULES].look(),
    });
    this.#addLines(lines);
    this.#control.look();
    connection.onChange(() => {
      if (connection.error !== undefined) {
        this.#getters.close(connection.error);
      } else if (connection.up) this.#control.look();
    });
    resources.add(this);
  }

  #newGetters(): JobWaiters<T> {
    const hand = this.#hand;
    return new JobWaiters({
      take: (limits) => limits === undefined ? this.#takeNow() : undefined,
      handBack: (job) => this.#giveBack(job as NatsJob<T>),
      wanted: () => {
        this.#handOut();
        this.#feed.plan();
      },
      get empty() {
        return hand.size === 0;
      },
      external: true,
    });
  }

  #newFeed(): JobFeed {
    return new JobFeed(this.#context, {
      wanted: () => this.#wanted(),
      arrived: (delivery) => this.#arrived(delivery),
      idle: () => {
        if (!this.#context.connection.clustered) return;
        this.#inBackground(() => this.#backlog.count());
      },
      check: () => this.#check(),
    });
  }

  #addLines(lines: Line[]): void {
    for (const line of lines) this.#feed.add(line);
    this.#backlog.lines = this.#feed.lines;
  }

  // Putting jobs.

  put(value: T, options: PutOptions = {}): Promise<void> {
    return traced(this, options?.id, (trace) => {
      try {
        checkPut(options);
        const data = this.#codec.encode(value);
        if (isThenable(data)) {
          return composite(() => this.#putEncoded(value, data, trace, options));
        }
        return this.#putData(value, data, trace, options);
      } catch (error) {
        return Promise.reject(error);
      }
    });
  }

  async #putEncoded(
    value: T,
    data: PromiseLike<Uint8Array>,
    trace: string | undefined,
    options: PutOptions,
  ): Promise<void> {
    await this.#putData(value, await settled(data, options), trace, options);
  }

  /** @throws {RangeError} It is too long. */
  #putData(
    item: T,
    data: Uint8Array,
    trace: string | undefined,
    options: PutOptions,
  ): Promise<void> {
    const { id, delay = 0, expires = Infinity, key, unique } = options;
    const priority = options.priority ?? DEFAULT_PRIORITY;
    const untilDone = unique === "untilDone";
    const jobId = id ?? crypto.randomUUID();
    this.#checkLength(data, jobId + (key ?? ""));
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#closing) return readyError(closedError("put into", { item }));
    const offer = {
      data,
      item,
      line: lineFor(priority, delay),
      messageId: untilDone ? crypto.randomUUID() : encodeURIComponent(jobId),
      meta: {
        id: untilDone ? jobId : undefined!,
        due: delay > 0 ? Math.ceil(Date.now() + delay) : 0,
        expires: Date.now() + expires,
        jobKey: key,
        named: id !== undefined,
        untilDone,
        trace,
      },
    };
    return composite(() => this.#put(offer, expires, options));
  }

  #checkLength(data: Uint8Array, id: string): void {
    const most = this.#context.connection.maxPayload;
    const room = most - HEADROOM - 6 * id.length;
    if (data.length <= room) return;
    throw new RangeError(
      `Cannot put: the servers take a job of at most ${room} bytes, received ${data.length}`,
    );
  }

  /** If closing the queue ends the put, the error returns the item. */
  async #put(
    offer: Offer,
    expires: number,
    options?: WaitOptions,
  ): Promise<void> {
    const { item, line, messageId, data } = offer;
    const meta = writtenMeta(offer.meta, messageId);
    const headers: Record<string, string> = { [MESSAGE_ID]: messageId };
    if (meta !== undefined) headers[META] = meta;
    try {
      if (!this.#feed.has(line)) await this.#addLine(line, options);
      const { untilDone, id } = offer.meta;
      const message = { line, data, headers };
      if (untilDone) {
        const put = () => this.#publish(message, offer, expires, options);
        await this.#unique.put(id!, messageId, put, options);
      } else await this.#publish(message, offer, expires, options);
    } catch (error) {
      if (this.#closing === undefined) throw error;
      if (!(error instanceof QueueShutDownError)) throw error;
      throw closedError("put into", { item });
    }
  }

  #publish(
    message: JobMessage,
    { meta, messageId }: Offer,
    expires: number,
    options?: WaitOptions,
  ): Promise<number> {
    const once = meta.named && !meta.untilDone ? messageId : undefined;
    const put = this.#publisher.put(message, once, options);
    return expires === Infinity ? put : this.#publishExpiring(put, expires);
  }

  async #publishExpiring(
    put: Promise<number>,
    expires: number,
  ): Promise<number> {
    const seq = await put;
    if (seq > 0) this.#expireLater(seq, expires);
    return seq;
  }

  #expireLater(seq: number, ms: number): void {
    this.#expiry.add(
      ms,
      () =>
        this.#inBackground(() =>
          this.#inspection.expire(seq, async (job) => {
            const { message, meta, key, line } = job;
            await this.#acks.bury({ ...meta, key, line }, message, EXPIRED);
          })
        ),
    );
  }

  async #addLine(line: Line, options?: WaitOptions): Promise<void> {
    await provisionLine(this.#context, line, options);
    this.#addLines([line]);
    this.#control.tell();
  }

  putMany(
    list: Iterable<{ value: T } & Omit<PutOptions, "signal">>,
    options?: WaitOptions,
  ): Promise<void> {
    return composite(() => this.#putMany(list, options));
  }

  async #putMany(
    list: Iterable<{ value: T } & Omit<PutOptions, "signal">>,
    options?: WaitOptions,
  ): Promise<void> {
    const signal = options?.signal;
    // One after the other while they may have to wait for room.
    const most = this.#context.settings.maxSize === Infinity
      ? PUTS_AT_A_TIME
      : 1;
    const puts: Promise<void>[] = [];
    try {
      for (const { value, ...rest } of list) {
        checkPut(rest);
        if (puts.length >= most) await allPut(puts.splice(0));
        puts.push(this.put(value, { ...rest, signal }));
      }
    } catch (error) {
      await allPut(puts);
      throw error;
    }
    await allPut(puts);
  }

  /** A dead letter becomes a job again: with the same id, but a new message. */
  #putBack(
    letter: DeadLetter<T>,
    { meta, data, seq, date }: StoredLetter,
    options?: WaitOptions,
  ): Promise<void> {
    const messageId = `letter ${seq} ${date.getTime()}`;
    const { priority = DEFAULT_PRIORITY, ...rest } = meta;
    const line = lineFor(priority, 0);
    const again = { ...rest, untilDone: false };
    const offer = { data, meta: again, line, messageId, item: letter };
    return this.#put(offer, Infinity, options);
  }

  #putRun(data: Uint8Array, id: string): Promise<void> {
    const messageId = encodeURIComponent(id);
    const meta = { named: true };
    const offer = { data, meta, line: PLAIN_LINE, messageId, item: undefined };
    return this.#put(offer, Infinity);
  }

  // Handing jobs out.

  get(options?: WaitOptions): Promise<Job<T>> {
    return this.#getters.get(options);
  }

  [Symbol.asyncIterator](): AsyncIterator<Job<T>, undefined> {
    return this.#getters.iterate();
  }

  /** How many more jobs are to be asked for. */
  #wanted(): number {
    let free = 0;
    let limited = 0;
    for (let it = this.#getters.first; it; it = next(it)) {
      if (it.limits === undefined) free++;
      else if (!this.#slowed.has(it.limits)) limited++;
    }
    let admitting = 0;
    for (const count of this.#admitting.values()) admitting += count;
    const ahead = this.#feed.isPlain && limited === 0 ? this.#hand.ahead : 0;
    const here = this.#hand.size + this.#sorting + admitting;
    return free + limited + ahead - here;
  }

  #arrived(delivery: Delivery): void {
    this.#acks.lose(delivery.sequence);
    if (delivery.lease.remaining() <= 0) { // it has waited here for too long
      return this.#context.connection.ping(); // the next ones have not
    }
    if (delivery.deliveries === 1 && delivery.due <= Date.now()) {
      return this.#decode(delivery, 1);
    }
    const isEarly = delivery.due > Date.now();
    if (isEarly) this.#feed.lookAhead(delivery.line);
    if (!isEarly) this.#sorting++;
    this.#inBackground(async () => {
      try {
        await this.#sort(delivery);
      } finally {
        if (!isEarly) this.#sorting--;
        this.#feed.plan();
      }
    });
  }

  /** A job that is not due, or that was delivered before. */
  async #sort(delivery: Delivery): Promise<void> {
    const { maxAttempts } = this.#context.settings;
    if (delivery.deliveries > 1) await this.#acks.notes.read(delivery);
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
      if (!isThenable(value)) {
        return this.#offer(this.#jobOf(value, delivery, attempt));
      }
      this.#sorting++;
      this.#inBackground(async () => {
        try {
          await this.#decodeLater(value as PromiseLike<T>, delivery, attempt);
        } finally {
          this.#sorting--;
          this.#handOut();
          this.#feed.plan();
        }
      });
    } catch (error) {
      this.#giveUp(delivery, attempt, undecodable(error));
    }
  }

  async #decodeLater(
    value: PromiseLike<T>,
    delivery: Delivery,
    attempt: number,
  ): Promise<void> {
    let decoded: T;
    try {
      decoded = await value;
    } catch (error) {
      return this.#giveUp(delivery, attempt, undecodable(error));
    }
    this.#offer(this.#jobOf(decoded, delivery, attempt));
  }

  #jobOf(value: T, delivery: Delivery, attempt: number): NatsJob<T> {
    const parts = { delivery, acks: this.#acks, context: this.#context };
    const job = new NatsJob(value, attempt, parts);
    this.#acks.hold(job);
    return job;
  }

  #giveUp(delivery: Delivery, attempts: number, reason: string): void {
    this.#inBackground(() => this.#acks.deadLetter(delivery, attempts, reason));
  }

  /** A job that can be handed out. */
  #offer(job: NatsJob<T>): void {
    if (this.#feed.paused || this.#closing) return this.#giveBack(job);
    const { first } = this.#getters;
    const isPlain = first !== undefined && first.limits === undefined;
    if (isPlain && this.#hand.size === 0 && first.wake(job)) {
      return this.#hand.passed();
    }
    this.#hand.add(job);
    this.#keepLeases();
    this.#handOut();
  }

  #takeNow(): NatsJob<T> | undefined {
    if (this.#feed.paused) return undefined;
    for (let job = this.#hand.take(); job; job = this.#hand.take()) {
      if (!this.#isExpired(job)) return job;
      this.#giveUp(job.delivery, 0, EXPIRED);
    }
    return undefined;
  }

  #isExpired({ attempt, delivery }: NatsJob<T>): boolean {
    return attempt === 1 && delivery.expires < Date.now();
  }

  #handOut(): void {
    if (this.#feed.paused) return this.#hand.clear();
    const waiting = new Map<Limits, number>();
    for (let it = this.#getters.first; it && this.#hand.size > 0;) {
      const following = next(it);
      const { limits } = it;
      if (limits === undefined) {
        const job = this.#takeNow();
        if (job !== undefined && !it.wake(job)) this.#hand.add(job);
      } else {
        const count = (waiting.get(limits) ?? 0) + 1;
        waiting.set(limits, count);
        if (count > (this.#admitting.get(limits) ?? 0)) this.#admit(limits);
      }
      it = following;
    }
  }

  /** Lets one job begin within `limits`, as soon as it may. */
  #admit(limits: Limits): void {
    const count = this.#admitting.get(limits) ?? 0;
    // A rate is asked for one job at a time: its answer holds for the others.
    if (limits.rate !== undefined && count > 0) return;
    const job = this.#takeNow();
    if (job === undefined) return;
    this.#admitting.set(limits, count + 1);
    this.#admitted.add(job);
    this.#inBackground(async () => {
      try {
        await this.#admitWhenItMay(job, limits);
      } finally {
        this.#admitted.delete(job);
        this.#slowed.delete(limits);
        this.#admitting.set(limits, this.#admitting.get(limits)! - 1);
        if (this.#admitting.get(limits) === 0) this.#admitting.delete(limits);
        this.#handOut();
        this.#feed.plan();
      }
    });
  }

  async #admitWhenItMay(job: NatsJob<T>, limits: Limits): Promise<void> {
    for (;;) {
      let wait: number | undefined;
      try {
        wait = await this.#admission.admit(job, limits);
      } catch (error) {
        this.#giveBack(job);
        throw error;
      }
      if (wait === undefined) return; // it comes back by itself
      if (wait === 0) break;
      this.#slowed.add(limits);
      await this.#context.connection.pause(wait);
      if (job.state !== "leased" || this.#closing) return;
    }
    for (let it = this.#getters.first; it; it = next(it)) {
      if (it.limits === limits && it.wake(job)) return;
    }
    this.#giveBack(job);
  }

  /** The jobs that wait for a limit. */
  readonly #admitted = new Set<NatsJob<T>>();

  #isParked(seq: number): boolean {
    return this.#waitingJobs().some((it) => it.delivery.sequence === seq);
  }

  #waitingJobs(): NatsJob<T>[] {
    return [
      ...this.#hand.jobs,
      ...this.#admitted,
      ...this.#admission.parked,
    ];
  }

  /** Jobs that wait here for a limit keep their leases. */
  #keepLeases(): void {
    const { lease } = this.#context.settings;
    if (lease === Infinity || this.#keeper !== undefined) return;
    this.#keeper = this.#loop.callLater(lease / 4, () => {
      this.#keeper = undefined;
      const jobs = this.#waitingJobs();
      for (const job of jobs) {
        if (job.delivery.lease.remaining() > lease * 0.6) continue;
        this.#inBackground(() => job.extendNow());
      }
      if (jobs.length > 0 && !this.#closing) this.#keepLeases();
    });
  }

  #giveBack(job: NatsJob<T>, delay = 0): void {
    this.#inBackground(() => job.handBack(delay));
  }

  /** Work that was limited has ended: what waited for it goes back. */
  [LIMITS_ENDED](limits: Limits): void {
    for (let it = this.#getters.first; it; it = next(it)) {
      if (it.limits === limits) return;
    }
    this.#admission.clear();
  }

  /** A failure here lets the job come again when its lease runs out. */
  #inBackground(work: () => Promise<unknown>): void {
    this.#acks.begin(work).catch(() => {});
  }

  async #check(): Promise<void> {
    const { connection, subjects, incarnation } = this.#context;
    const { jobs } = subjects;
    try {
      const consumer = consumerOf(PLAIN_LINE, incarnation);
      const info = `CONSUMER.INFO.${jobs}.${consumer}`;
      if (await apiFind(connection, info)) return;
      this.#getters.fail(new NatsError(`there is no stream ${jobs} any more`));
    } catch {
      // The connection has ended, and those who wait know.
    }
  }

  // Looking into the queue.

  /** Whether it is paused. */
  isPaused(): Promise<boolean> {
    return this.#control.isPaused();
  }

  size(options?: WaitOptions): Promise<number> {
    return this.#checkOpen("size of", options) ??
      composite(() => this.#backlog.count(options));
  }

  join(options?: WaitOptions): Promise<void> {
    return this.#checkOpen("join of", options) ??
      composite(() => this.#join(options));
  }

  async #join(options?: WaitOptions): Promise<void> {
    for (let ms = FIRST_LOOK;; ms = Math.min(ms * 2, LAST_LOOK)) {
      const { heard } = this.#notices;
      if (await this.#backlog.count(options) === 0) return;
      await this.#notices.wait(heard, ms, options);
      // Notices come in crowds.
      await this.#context.connection.pause(FIRST_LOOK, options);
    }
  }

  pause(options?: WaitOptions): Promise<void> {
    return this.#checkOpen("pause", options) ??
      composite(() => this.#control.setPaused(true, options));
  }

  resume(options?: WaitOptions): Promise<void> {
    return this.#checkOpen("resume", options) ??
      composite(() => this.#control.setPaused(false, options));
  }

  counts(options?: WaitOptions): Promise<Record<StoredJobState, number>> {
    return this.#checkOpen("counts of", options) ??
      composite(() => this.#inspection.counts(options));
  }

  list(
    state: StoredJobState,
    options?: WaitOptions,
  ): AsyncIterableIterator<JobInfo<T>> {
    checkState(state);
    const check = () => this.#checkOpen("list of", options);
    return this.#inspection.list(state, check, options);
  }

  remove(id: string, options?: WaitOptions): Promise<boolean> {
    return this.#takeOut(id, false, options);
  }

  cancel(id: string, options?: WaitOptions): Promise<boolean> {
    return this.#takeOut(id, true, options);
  }

  #takeOut(
    id: string,
    leased: boolean,
    options?: WaitOptions,
  ): Promise<boolean> {
    try {
      checkId(id);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#checkOpen("remove from", options) ??
      composite(() => this.#inspection.takeOut(id, leased, options));
  }

  result(id: string, options?: WaitOptions): Promise<unknown> {
    try {
      checkId(id);
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#checkOpen("result from", options) ??
      composite(() => this.#result(id, options));
  }

  async #result(id: string, options?: WaitOptions): Promise<unknown> {
    let known = false;
    let gone = 0;
    for (let ms = LAST_LOOK;; ms = Math.min(ms * 2, 8 * LAST_LOOK)) {
      const pending = await this.#inspection.find(id, options);
      known ||= pending !== undefined;
      let outcome = pending === undefined
        ? await this.#outcomeOf(id, options)
        : await this.#notices.waitFor(id, ms, options);
      if (pending === undefined && outcome === undefined) {
        if (!known) throw unknownJob(id);
        // It was there: its outcome may be on its way, unless it is nothing.
        if (gone++ > GONE_LOOKS) outcome = NOTHING;
        else await this.#notices.waitFor(id, FIRST_LOOK, options);
      }
      if (outcome !== undefined) return valueOf(resultIn(outcome));
    }
  }

  async #outcomeOf(
    id: string,
    options?: WaitOptions,
  ): Promise<Outcome | undefined> {
    const kept = await this.#results.find(id, options);
    if (kept !== undefined) return kept;
    const next = this.#letters.walk(options);
    for (let it = await next(); it !== undefined; it = await next()) {
      if (it.id === id) return { state: "dead", reason: it.reason };
    }
    return undefined;
  }

  deadLetters(options?: WaitOptions): AsyncIterableIterator<DeadLetter<T>> {
    const check = () => this.#checkOpen("dead letters of", options);
    return this.#letters.list(check, options);
  }

  #checkOpen(
    asked: string,
    options?: WaitOptions,
  ): Promise<never> | undefined {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#closing ? readyError(closedError(asked)) : undefined;
  }

  // Closing.

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#resources.delete(this);
    this.#getters.close(closedError("get from"));
    this.#publisher.close(closedError("put into"));
    this.#notices.close(closedError("wait for jobs of"));
    this.#control.close();
    this[SCHEDULES].close();
    this.#expiry.close();
    this.#keeper?.cancel();
    const { connection } = this.#context;
    await detached(() => moveOnAfter(CLOSING, (limit) => this.#leave(limit)));
    this.#feed.close();
    this.#keeper?.cancel();
    this.#hand.clear();
    this.#admission.close();
    for (const job of [...this.#acks.held.values()]) job.lose("closed");
    await connection.close(closedError("ask"));
  }

  /** Gives back what it has, unless the servers are away, or go away. */
  async #leave(limit: Timeout): Promise<void> {
    const { connection } = this.#context;
    let leaving = connection.up;
    connection.onChange(() => {
      if (leaving && !connection.up) limit.reschedule(-Infinity);
      leaving &&= connection.up;
    });
    try {
      if (leaving) await this.#giveAllBack();
    } finally {
      leaving = false; // the limit is over
    }
  }

  /** No other process has to wait for a lease of ours to run out. */
  async #giveAllBack(): Promise<void> {
    const stopped = this.#feed.stop();
    this.#hand.clear();
    this.#admission.close();
    for (const job of [...this.#acks.held.values()]) {
      if (job.state === "leased") this.#inBackground(() => job.release());
    }
    await cancellable(stopped);
    this.#hand.clear();
    while (this.#acks.begun.length > 0) {
      await cancellable(Promise.allSettled(this.#acks.begun));
    }
  }

  static {
    printable(NatsJobs, (jobs) => ({
      name: jobs.#context.subjects.name,
      connected: jobs.#context.connection.up,
      leased: jobs.#acks.held.size,
      paused: jobs.#feed.paused || undefined,
      maxSize: jobs.#context.settings.maxSize,
      getters: jobs.#getters.size,
      putters: jobs.#publisher.waiting,
      closed: jobs.#closing !== undefined || undefined,
    }));
  }
}

type WaiterOf<T> = NonNullable<JobWaiters<T>["first"]>;

function next<T>(waiter: WaiterOf<T>): WaiterOf<T> | undefined {
  return waiter.nextInQueue as WaiterOf<T> | undefined;
}

/** Waits for all of them; rejects with the first error. */
async function allPut(puts: Promise<void>[]): Promise<void> {
  for (const put of await Promise.allSettled(puts)) {
    if (put.status === "rejected") throw put.reason;
  }
}

function lineFor(priority: number, delay: number): Line {
  return LINES.find((line) =>
    line.priority === priority && line.delayed === delay > 0
  )!;
}
