/** @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { type Codec, EXPIRED } from "../jobs/codec.ts";
import { closedError } from "../jobs/errors.ts";
import type { Job } from "../jobs/job.ts";
import type {
  DeadLetter,
  JobInfo,
  Jobs,
  StoredJobState,
} from "../jobs/jobs.ts";
import { type Limits, LIMITS_ENDED } from "../jobs/limits.ts";
import type { PutOptions } from "../jobs/options.ts";
import { SCHEDULES } from "../jobs/schedule/schedule.ts";
import { checkState, rejectionOfId } from "../jobs/settings.ts";
import { QUEUE, type QueueName } from "../jobs/queue_name.ts";
import { Acks } from "./consumer/acks.ts";
import { DeadLetters } from "./consumer/dead_letters.ts";
import { Dispatcher } from "./consumer/dispatcher.ts";
import { giveBackAll } from "./consumer/give_back_all.ts";
import { NatsError } from "./errors.ts";
import { Expiries } from "./_expiries.ts";
import { Inspection } from "./_inspection.ts";
import { Outcomes } from "./_outcomes.ts";
import { Backlog } from "./producer/backlog.ts";
import { DoneNotices } from "./producer/done_notices.ts";
import { Producer } from "./producer/producer.ts";
import { Publisher } from "./producer/publisher.ts";
import { PutNumbers } from "./producer/put_numbers.ts";
import { UniqueIds } from "./producer/unique_ids.ts";
import { provisionLine } from "./consumers.ts";
import { consumerReport } from "./reports.ts";
import type { QueueContext } from "./queue_context.ts";
import { Control } from "./shared/control.ts";
import { Holders } from "./shared/holders.ts";
import { KeptResults } from "./shared/kept_results.ts";
import { KeySlots } from "./shared/key_slots.ts";
import { KnownJobs } from "./shared/known_jobs.ts";
import { NatsSchedules } from "./shared/nats_schedules.ts";
import { SharedRates } from "./shared/shared_rates.ts";
import { SharedState } from "./shared/shared_state.ts";
import { type Line, PLAIN_LINE } from "./subjects.ts";

/** Pauses between two looks at whether all is done, in milliseconds. */
const FIRST_LOOK = 10, LAST_LOOK = 500;

/** What a queue on the servers is made of. */
export interface NatsJobsParts<T> {
  context: QueueContext;
  codec: Codec<T>;
  /** The lines that have a consumer. */
  lines: Line[];
  /** Whether it is paused. */
  paused: boolean;
  softBound: boolean;
  /** What is disposed of at the end of the run. */
  resources: Set<AsyncDisposable>;
}

/** Jobs in a stream of JetStream: composes the parts of a queue. */
export class NatsJobs<T> implements Jobs<T> {
  readonly [QUEUE]: QueueName;
  readonly [SCHEDULES]: NatsSchedules<T>;
  readonly #context: QueueContext;
  readonly #resources: Set<AsyncDisposable>;
  readonly #notices: DoneNotices;
  readonly #backlog: Backlog;
  readonly #publisher: Publisher;
  readonly #producer: Producer<T>;
  readonly #acks: Acks;
  readonly #dispatcher: Dispatcher<T>;
  readonly #letters: DeadLetters<T>;
  readonly #control: Control;
  readonly #state: SharedState;
  readonly #inspection: Inspection<T>;
  readonly #expiries = new Expiries((seq) => this.#expire(seq));
  readonly #outcomes: Outcomes<T>;
  /** Whether a server was lost, and may keep jobs that are done. */
  #wasLost = false;
  #closing: Promise<void> | undefined = undefined;

  constructor(
    { context, codec, lines, paused, softBound, resources }: NatsJobsParts<T>,
  ) {
    const begin = (work: () => Promise<unknown>) =>
      this.#acks.inBackground(work);
    const state = this.#state = new SharedState(context, begin);
    const notices = this.#notices = new DoneNotices(context);
    const results = new KeptResults(context);
    const acks = this.#acks = new Acks(context, notices, results);
    const known = new KnownJobs(context, acks);
    const backlog = this.#backlog = new Backlog(context, known);
    const publisher = this.#publisher = new Publisher(
      context,
      notices,
      backlog,
    );
    publisher.softBound = softBound;
    const unique = new UniqueIds(context, state, begin);
    const numbers = new PutNumbers();
    const producer = this.#producer = new Producer({
      context,
      codec,
      publisher,
      unique,
      numbers,
      hasLine: (line) => this.#dispatcher.feed.has(line),
      needLine: (line, options) =>
        this.#dispatcher.feed.has(line)
          ? undefined
          : this.#addLine(line, options),
      expiresIn: (ms, seq) => this.#expiries.add(ms, seq),
    });
    const dispatcher = this.#dispatcher = new Dispatcher({
      context,
      codec,
      acks,
      known,
      limits: {
        slots: new KeySlots(context, state),
        rates: new SharedRates(context, state),
      },
      idle: (line) => {
        if (!context.connection.clustered && !this.#wasLost) return;
        acks.inBackground(async () => {
          dispatcher.feed.push(line, await backlog.heldUpBy(line));
          if (await backlog.count() === 0) this.#wasLost = false;
        });
      },
      check: () => this.#check(),
    });
    dispatcher.feed.paused = paused;
    const letters = this.#letters = new DeadLetters(
      context,
      codec,
      (letter, stored, options) => producer.putBack(letter, stored, options),
    );
    const inspection = this.#inspection = new Inspection({
      context,
      codec,
      holders: new Holders(
        context,
        acks.jobs,
        (seq) => dispatcher.isWaiting(seq),
      ),
      letters,
      results,
      notices,
      begin: (work) => acks.begin(work),
      unique,
      numbers,
    });
    this.#outcomes = new Outcomes({ inspection, notices, results, letters });
    const schedules = this[SCHEDULES] = new NatsSchedules(context, {
      state,
      begin,
      check: (options) => this.#checkOpen("schedule", options),
      encode: (value) => codec.encode(value),
      put: (data, id) => producer.putRun(data, id),
      notify: () => this.#control.notify(),
    });
    this.#control = new Control(context, {
      state,
      begin,
      paused: (paused) => void (dispatcher.feed.paused = paused),
      lines: (lines) => this.#addLines(lines),
      softBound: (soft) => void (publisher.softBound = soft),
      looking: () => acks.jobs.forgetLost(),
      shared: () => schedules.look(),
    });
    this[QUEUE] = producer[QUEUE];
    this.#context = context;
    this.#resources = resources;
    this.#start(lines);
  }

  #start(lines: Line[]): void {
    const { connection } = this.#context;
    this.#addLines(lines);
    this.#control.look();
    connection.onChange(() => {
      if (connection.error !== undefined) {
        this.#dispatcher.waiters.close(connection.error);
      } else if (connection.up) {
        this.#wasLost = true;
        this.#control.look();
      }
    });
    this.#resources.add(this);
  }

  #addLines(lines: Line[]): void {
    const { feed } = this.#dispatcher;
    for (const line of lines) feed.add(line);
    this.#backlog.lines = feed.lines;
  }

  async #addLine(line: Line, options?: WaitOptions): Promise<void> {
    await provisionLine(this.#context, line, options);
    this.#addLines([line]);
    this.#control.notify();
  }

  /** Makes a dead letter of a job whose time to begin is over. */
  #expire(seq: number): void {
    this.#acks.inBackground(() =>
      this.#inspection.expire(seq, async ({ message, meta, key, line }) => {
        await this.#acks.bury({ ...meta, key, line }, message, EXPIRED);
      })
    );
  }

  /** Lets calls of `get` reject if the queue is not there any more. */
  async #check(): Promise<void> {
    const { jobs } = this.#context.subjects;
    try {
      if (await consumerReport(this.#context, PLAIN_LINE)) return;
      this.#dispatcher.waiters.fail(
        new NatsError(`there is no stream ${jobs} any more`),
      );
    } catch {
      // The connection has ended: so have the waits.
    }
  }

  put(value: T, options?: PutOptions): Promise<void> {
    return this.#producer.put(value, options);
  }

  putMany(
    list: Iterable<{ value: T } & Omit<PutOptions, "signal">>,
    options?: WaitOptions,
  ): Promise<void> {
    return this.#producer.putMany(list, options);
  }

  get(options?: WaitOptions): Promise<Job<T>> {
    return this.#dispatcher.waiters.get(options);
  }

  [Symbol.asyncIterator](): AsyncIterator<Job<T>, undefined> {
    return this.#dispatcher.waiters.iterate();
  }

  /** Called when work with limits has ended: what waits for those goes back. */
  [LIMITS_ENDED](limits: Limits): void {
    this.#dispatcher.limitsEnded(limits);
  }

  /** Whether it is paused. */
  isPaused(): Promise<boolean> {
    return this.#control.isPaused();
  }

  size(options?: WaitOptions): Promise<number> {
    return this.#checkOpen("count the jobs", options) ??
      composite(() => this.#backlog.count(options));
  }

  join(options?: WaitOptions): Promise<void> {
    return this.#checkOpen("join", options) ??
      composite(() => this.#join(options));
  }

  async #join(options?: WaitOptions): Promise<void> {
    for (let ms = FIRST_LOOK;; ms = Math.min(ms * 2, LAST_LOOK)) {
      const { count } = this.#notices;
      if (await this.#backlog.count(options) === 0) return;
      await this.#notices.wait(count, ms, options);
      // More notices may follow: one count is enough for all of them.
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
    return this.#checkOpen("count the jobs", options) ??
      composite(() => this.#inspection.counts(options));
  }

  list(
    state: StoredJobState,
    options?: WaitOptions,
  ): AsyncIterableIterator<JobInfo<T>> {
    checkState(state);
    const check = () => this.#checkOpen("list jobs", options);
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
    return rejectionOfId(id) ?? this.#checkOpen("remove a job", options) ??
      composite(() => this.#inspection.takeOut(id, leased, options));
  }

  result(id: string, options?: WaitOptions): Promise<unknown> {
    return rejectionOfId(id) ?? this.#checkOpen("get a result", options) ??
      composite(() => this.#outcomes.result(id, options));
  }

  deadLetters(options?: WaitOptions): AsyncIterableIterator<DeadLetter<T>> {
    const check = () => this.#checkOpen("list dead letters", options);
    return this.#letters.list(check, options);
  }

  #checkOpen(
    action: string,
    options?: WaitOptions,
  ): Promise<never> | undefined {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#closing ? readyError(closedError(action)) : undefined;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#closing ??= this.#close();
  }

  async #close(): Promise<void> {
    this.#resources.delete(this);
    this.#dispatcher.close(closedError("get"));
    this.#producer.close();
    this.#notices.close(closedError("wait for jobs"));
    this.#control.close();
    this[SCHEDULES].close();
    this.#expiries.close();
    const { connection } = this.#context;
    await giveBackAll(connection, this.#dispatcher, {
      acks: this.#acks,
      state: this.#state,
    });
    await connection.close(closedError("ask the servers"));
  }

  static {
    printable(NatsJobs, (jobs) => ({
      name: jobs.#context.subjects.name,
      connected: jobs.#context.connection.up,
      leased: jobs.#acks.jobs.held.size,
      paused: jobs.#dispatcher.feed.paused || undefined,
      maxSize: jobs.#context.settings.maxSize,
      getters: jobs.#dispatcher.waiters.size,
      putters: jobs.#publisher.waiting,
      closed: jobs.#closing !== undefined || undefined,
    }));
  }
}
