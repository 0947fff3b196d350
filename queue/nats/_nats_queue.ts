/** @module */
import { cancellable } from "../../tasks/cancellable.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { getRunningLoop } from "../../tasks/event_loop.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { moveOnAfter, type Timeout } from "../../tasks/timeout.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../tasks/kernel/wait/waiter.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { QueueShutDownError } from "../errors.ts";
import { attemptsUsedUp, type Codec, undecodable } from "../jobs/codec.ts";
import { closedError, JobWaiters } from "../jobs/job_waiters.ts";
import type { DeadLetter, Job, Jobs, PutOptions } from "../jobs/jobs.ts";
import { checkPut, type Settings } from "../jobs/settings.ts";
import { apiFind } from "./transport/jetstream_api.ts";
import { type Delivery, DUE, ID, MESSAGE_ID } from "./consumer/delivery.ts";
import { Acks } from "./consumer/acks.ts";
import { NatsError } from "./errors.ts";
import { DeadLetters } from "./consumer/dead_letters.ts";
import type { ReconnectingConnection } from "./transport/reconnecting_connection.ts";
import type { Subjects } from "./_subjects.ts";
import { NatsJob } from "./consumer/nats_job.ts";
import { DoneNotices } from "./producer/done_notices.ts";
import type { JobMessage } from "./producer/publish.ts";
import { PullConsumer } from "./consumer/pull_consumer.ts";
import { Publisher } from "./producer/publisher.ts";
import { Backlog } from "./producer/backlog.ts";

/** What a dead letter needs beside the job itself. */
const HEADROOM = 6000;

/** Closing takes no longer, whether the servers answer or not. */
const CLOSING = 2000;

/** Between two looks at whether all is done. */
const FIRST_LOOK = 10, LAST_LOOK = 500;

/** What a queue on the servers is made of. */
export interface NatsJobsParts<T> {
  link: ReconnectingConnection;
  names: Subjects;
  settings: Settings;
  codec: Codec<T>;
  /** What ends with the run. */
  resources: Set<AsyncDisposable>;
}

/** Jobs in a stream of JetStream. */
export class NatsJobs<T> implements Jobs<T> {
  readonly #link: ReconnectingConnection;
  readonly #names: Subjects;
  readonly #settings: Settings;
  readonly #codec: Codec<T>;
  readonly #resources: Set<AsyncDisposable>;
  readonly #news: DoneNotices;
  readonly #stock: Backlog;
  readonly #puts: Publisher;
  readonly #desk: Acks;
  readonly #pulls: PullConsumer;
  readonly #letters: DeadLetters<T>;
  readonly #getters: JobWaiters<T>;
  /** Jobs that have come, and are looked at before they are handed out. */
  #sorting = 0;
  #closing: Promise<void> | undefined = undefined;

  constructor({ link, names, settings, codec, resources }: NatsJobsParts<T>) {
    this.#link = link;
    this.#names = names;
    this.#settings = settings;
    this.#codec = codec;
    this.#resources = resources;
    this.#news = new DoneNotices(link, names);
    this.#stock = new Backlog(link, names);
    this.#puts = new Publisher(link, names, this.#news, this.#stock);
    this.#desk = new Acks(link, names, this.#news, settings);
    this.#letters = new DeadLetters(
      link,
      names,
      codec,
      (letter, number, options) => this.#putBack(letter, number, options),
    );
    this.#getters = new JobWaiters({
      take: () => undefined,
      wanted: () => this.#pulls.plan(),
      Waiter: ExternalWaiter,
    });
    this.#pulls = new PullConsumer(link, getRunningLoop(), names.next, {
      wanted: () => this.#getters.size - this.#sorting,
      arrived: (delivery) => this.#arrived(delivery),
      idle: () => {
        if (link.clustered) this.#inBackground(() => this.#stock.count());
      },
      check: () => this.#check(),
    });
    link.onChange(() => {
      if (link.error !== undefined) this.#getters.close(link.error);
    });
    resources.add(this);
  }

  put(value: T, options: PutOptions = {}): Promise<void> {
    const { id = crypto.randomUUID(), delay = 0 } = options;
    let data: Uint8Array;
    try {
      checkPut(options);
      data = this.#codec.encode(value);
      checkLength(data, id, this.#link.maxPayload);
    } catch (error) {
      return Promise.reject(error);
    }
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#closing) {
      return readyError(closedError("put into", { item: value }));
    }
    const headers: Record<string, string> = {
      [MESSAGE_ID]: encodeURIComponent(id),
    };
    if (delay > 0) headers[DUE] = String(Math.ceil(Date.now() + delay));
    return ignoreCancelRejection(this.#put({ data, headers }, value, options));
  }

  /** Whatever it was that waited when the queue was closed, it says for what. */
  async #put(
    parcel: JobMessage,
    item: unknown,
    options?: WaitOptions,
  ): Promise<void> {
    try {
      await this.#puts.put(parcel, options);
    } catch (error) {
      if (this.#closing === undefined) throw error;
      if (!(error instanceof QueueShutDownError)) throw error;
      throw closedError("put into", { item });
    }
  }

  /** A dead letter becomes a job again: with the same id, but a new message. */
  #putBack(
    letter: DeadLetter<T>,
    number: number,
    options?: WaitOptions,
  ): Promise<void> {
    const { id, data, date } = letter;
    const headers = {
      [MESSAGE_ID]: `letter ${number} ${date.getTime()}`,
      [ID]: encodeURIComponent(id),
    };
    return this.#put({ data, headers }, letter, options);
  }

  get(options?: WaitOptions): Promise<Job<T>> {
    return this.#getters.get(options);
  }

  size(options?: WaitOptions): Promise<number> {
    return this.#refused("size of", options) ??
      ignoreCancelRejection(this.#stock.count(options));
  }

  join(options?: WaitOptions): Promise<void> {
    return this.#refused("join of", options) ??
      ignoreCancelRejection(this.#join(options));
  }

  async #join(options?: WaitOptions): Promise<void> {
    for (let ms = FIRST_LOOK;; ms = Math.min(ms * 2, LAST_LOOK)) {
      const { heard } = this.#news;
      if (await this.#stock.count(options) === 0) return;
      await this.#news.wait(heard, ms, options);
      await this.#link.pause(FIRST_LOOK, options); // news come in crowds
    }
  }

  #refused(asked: string, options?: WaitOptions): Promise<never> | undefined {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#closing ? readyError(closedError(asked)) : undefined;
  }

  deadLetters(options?: WaitOptions): AsyncIterableIterator<DeadLetter<T>> {
    return this.#letters.list(options);
  }

  [Symbol.asyncIterator](): AsyncIterator<Job<T>, undefined> {
    return this.#getters.iterate();
  }

  #arrived(delivery: Delivery): void {
    this.#desk.lose(delivery.sequence);
    if (delivery.deliveries === 1 && delivery.due <= Date.now()) {
      return this.#offer(delivery, 1);
    }
    this.#sorting++;
    this.#inBackground(async () => {
      try {
        await this.#sort(delivery);
      } finally {
        this.#sorting--;
        this.#pulls.plan();
      }
    });
  }

  /** A job that is not due, or that was here before. */
  async #sort(delivery: Delivery): Promise<void> {
    const until = this.#desk.until(delivery);
    const { maxAttempts } = this.#settings;
    if (delivery.deliveries > 1) await this.#desk.returns.read(delivery, until);
    const delay = delivery.due - Date.now();
    if (delay > 0) return await this.#desk.release(delivery, delay, until);
    const attempt = delivery.deliveries - delivery.returns;
    if (attempt <= maxAttempts) return this.#offer(delivery, attempt);
    const reason = attemptsUsedUp(maxAttempts, "its lease ran out");
    await this.#desk.bury(delivery, maxAttempts, reason, until);
  }

  #offer(delivery: Delivery, attempt: number): void {
    let value: T;
    try {
      value = this.#codec.decode(delivery.data);
    } catch (error) {
      const until = this.#desk.until(delivery);
      const reason = undecodable(error);
      return this.#inBackground(() =>
        this.#desk.bury(delivery, attempt, reason, until)
      );
    }
    const job = new NatsJob(value, attempt, delivery, this.#desk);
    this.#desk.hold(delivery, job);
    if (!this.#getters.give(job)) this.#inBackground(() => job.release());
  }

  /** What fails here comes again when its lease runs out. */
  #inBackground(how: () => Promise<unknown>): void {
    this.#desk.begin(how).catch(() => {});
  }

  async #check(): Promise<void> {
    const { consumer, jobs } = this.#names;
    try {
      if (await apiFind(this.#link, `CONSUMER.INFO.${consumer}`)) return;
      this.#getters.fail(new NatsError(`there is no stream ${jobs} any more`));
    } catch {
      // The connection has ended, and those who wait know.
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#resources.delete(this);
    this.#getters.close(closedError("get from"));
    this.#puts.close(closedError("put into"));
    this.#news.close(closedError("join of"));
    const link = this.#link;
    await detached(() => moveOnAfter(CLOSING, (limit) => this.#leave(limit)));
    for (const job of this.#desk.held.values()) job.lose();
    await link.close(closedError("ask"));
  }

  /** Gives back what it has, unless the servers are away, or go away. */
  async #leave(limit: Timeout): Promise<void> {
    const link = this.#link;
    let leaving = link.up;
    link.onChange(() => {
      if (leaving && !link.up) limit.reschedule(-Infinity);
      leaving &&= link.up;
    });
    try {
      if (leaving) await this.#giveBack();
    } finally {
      leaving = false; // the limit is over
    }
  }

  /** Nobody has to wait for a lease of ours to run out. */
  async #giveBack(): Promise<void> {
    const stopped = this.#pulls.stop();
    for (const job of [...this.#desk.held.values()]) {
      if (job.state === "leased") this.#inBackground(() => job.release());
    }
    await cancellable(stopped);
    while (this.#desk.begun.length > 0) {
      await cancellable(Promise.allSettled(this.#desk.begun));
    }
  }

  static {
    printable(NatsJobs, (jobs) => ({
      name: jobs.#names.name,
      connected: jobs.#link.up,
      leased: jobs.#desk.held.size,
      maxSize: jobs.#settings.maxSize,
      getters: jobs.#getters.size,
      putters: jobs.#puts.waiting,
      closed: jobs.#closing !== undefined || undefined,
    }));
  }
}

function checkLength(data: Uint8Array, id: string, most: number): void {
  const length = data.length + 2 * encodeURIComponent(id).length + HEADROOM;
  if (length <= most) return;
  throw new RangeError(
    `the servers take ${most} bytes at most, and ${HEADROOM} are for them: a job of ${data.length} bytes is too long`,
  );
}
