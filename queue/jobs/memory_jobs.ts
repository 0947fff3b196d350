/** A queue of jobs in memory. @module */
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { realClock } from "../../tasks/kernel/loop/clock.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { type Codec, codecOf } from "./codec.ts";
import { decodedOrNothing } from "./codec_wait.ts";
import { DeadLetterEntry } from "./dead_letter.ts";
import type { Entry } from "./_entry.ts";
import { closedError, unknownJob } from "./errors.ts";
import type { Job } from "./job.ts";
import type { DeadLetter, JobInfo, Jobs, StoredJobState } from "./jobs.ts";
import { listing } from "./listing.ts";
import { type DeadEntry, MemoryDeadLetters } from "./_memory_dead_letters.ts";
import { MemoryGetters } from "./_memory_getters.ts";
import { MemoryInspection } from "./_memory_inspection.ts";
import { MemoryProducer } from "./_memory_producer.ts";
import { Store } from "./_memory_store.ts";
import type { JobsOptions, PutOptions } from "./options.ts";
import { type Outcome, resultIn, Results, valueOf } from "./results.ts";
import {
  MemorySchedules,
  type ScheduleHost,
} from "./schedule/memory_schedules.ts";
import { SCHEDULES } from "./schedule/schedule.ts";
import {
  checkState,
  rejectionOfId,
  type Settings,
  settingsOf,
} from "./settings.ts";
import { QUEUE, type QueueName } from "./queue_name.ts";

/**
 * A queue of jobs in the memory of this process: the contract of
 * {@linkcode Jobs} with nothing to install, for one process, and for tests.
 *
 * - Nothing outlives the process. Within it, a job comes again if its worker fails,
 *   or does not settle it in time.
 * - Jobs are taken in order of arrival within their priority. A job that comes
 *   again is taken before those that came later.
 * - Time is that of the loop on which the queue was made: in a `run` with a
 *   `VirtualClock`, leases and delays take no time. When that run has ended, calls
 *   that need a timer, for a delay or a lease, reject with an `InvalidStateError`
 *   and change nothing.
 *
 * @typeParam T What the jobs are. Values pass through `encode` and `decode` here as
 * well: a worker never gets the producer's own object, and a value that works in
 * memory works on servers.
 *
 * @throws {TypeError} An option is of the wrong type.
 * @throws {RangeError} `lease` or `window` is not more than 0, `maxAttempts` is
 * not at least 1, or a number is `NaN`.
 *
 * @example
 * ```ts
 * import { memoryJobs } from "@asyncio/asyncio/queue/jobs";
 * import { assertEquals } from "@std/assert";
 *
 * await using jobs = memoryJobs<{ page: string }>({ lease: 10_000 });
 * await jobs.put({ page: "/" }, { id: "home" });
 * await jobs.put({ page: "/" }, { id: "home" }); // is there already
 *
 * const job = await jobs.get();
 * assertEquals([job.value, job.attempt], [{ page: "/" }, 1]);
 * await job.retry(); // did not work out
 *
 * const again = await jobs.get();
 * assertEquals([again.id, again.attempt], ["home", 2]);
 * await again.done();
 * await jobs.join();
 * ```
 */
export function memoryJobs<T>(options?: JobsOptions<T>): Jobs<T> {
  return new MemoryJobs(options);
}

class MemoryJobs<T> implements Jobs<T> {
  readonly [QUEUE]: QueueName;
  readonly [SCHEDULES]: MemorySchedules<T>;
  readonly #codec: Codec<T>;
  readonly #settings: Settings;
  readonly #store: Store;
  readonly #results: Results;
  readonly #producer: MemoryProducer<T>;
  readonly #getters: MemoryGetters<T>;
  readonly #joiners = new WaitQueue<void>("Jobs.join");
  readonly #dead: MemoryDeadLetters;
  readonly #inspection: MemoryInspection<T>;
  #closed = false;

  constructor(options?: JobsOptions<T>) {
    const codec = this.#codec = codecOf(options);
    const settings = this.#settings = settingsOf(options);
    this.#results = new Results(settings.keepDone);
    const store = this.#store = new Store(settings, {
      ready: () => this.#getters.handOut(),
      finished: (entry, outcome) => this.#finished(entry, outcome),
    });
    const letters = this.#dead = new MemoryDeadLetters(
      settings.keepDead,
      () => store.loop.time(),
    );
    this.#producer = new MemoryProducer({ codec, settings, store, letters });
    this.#getters = new MemoryGetters(store, codec, settings.lease);
    this.#inspection = new MemoryInspection(store, letters, codec);
    this[QUEUE] = this.#producer[QUEUE];
    this[SCHEDULES] = new MemorySchedules(this.#scheduleHost());
  }

  #scheduleHost(): ScheduleHost<T> {
    const { loop } = this.#store;
    const { clock } = currentScope().loop;
    // Another clock goes on from the present date.
    const ahead = Date.now() - loop.time();
    return {
      loop,
      now: () => clock === realClock ? Date.now() : loop.time() + ahead,
      check: (options) => {
        this.#store.checkTimers({ delay: 1 });
        return this.#checkOpen("schedule", options);
      },
      encode: (value) => this.#codec.encode(value),
      put: (data, id) => detached(() => this.#producer.putRun(data, id)),
    };
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
    return this.#getters.waiters.get(options);
  }

  /** Called when an entry has left the store: keeps its outcome, wakes waits. */
  #finished(entry: Entry, outcome: Outcome): void {
    this.#producer.finished(entry);
    if (outcome.state === "dead") this.#dead.add(entry, outcome.reason);
    this.#keepOutcome(entry.id, entry.named, outcome);
    this.#producer.letIn();
    if (this.#store.size === 0) this.#joiners.wakeAll();
  }

  #keepOutcome(id: string, named: boolean, outcome: Outcome): void {
    const results = this.#results;
    const hasResult = outcome.state !== "done" || outcome.result !== undefined;
    if (named || hasResult) results.add(id, outcome, this.#store.loop.time());
    results.wake(id, outcome);
  }

  size(options?: WaitOptions): Promise<number> {
    return this.#checkOpen("count the jobs", options) ??
      ready(this.#store.size);
  }

  join(options?: WaitOptions): Promise<void> {
    const rejection = this.#checkOpen("join", options);
    if (rejection !== undefined) return rejection;
    if (this.#store.size === 0) return ready(undefined);
    return this.#joiners.wait(options);
  }

  pause(options?: WaitOptions): Promise<void> {
    return this.#setPaused(true, options);
  }

  resume(options?: WaitOptions): Promise<void> {
    return this.#setPaused(false, options);
  }

  #setPaused(paused: boolean, options?: WaitOptions): Promise<void> {
    const rejection = this.#checkOpen(paused ? "pause" : "resume", options);
    if (rejection !== undefined) return rejection;
    this.#store.paused = paused;
    return ready(undefined);
  }

  counts(options?: WaitOptions): Promise<Record<StoredJobState, number>> {
    return this.#checkOpen("count the jobs", options) ??
      ready(this.#inspection.counts());
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
      ready(this.#inspection.takeOut(id, leased));
  }

  result(id: string, options?: WaitOptions): Promise<unknown> {
    return rejectionOfId(id) ?? this.#checkOpen("get a result", options) ??
      composite(() => this.#result(id, options));
  }

  async #result(id: string, options?: WaitOptions): Promise<unknown> {
    const pending = this.#store.find(id) !== undefined;
    const outcome = pending
      ? await this.#results.wait(id, options)
      : await ready(this.#outcomeOf(id));
    return valueOf(resultIn(outcome));
  }

  #outcomeOf(id: string): Outcome {
    const kept = this.#results.get(id, this.#store.loop.time());
    if (kept !== undefined) return kept;
    const dead = this.#dead.find(id);
    if (dead === undefined) throw unknownJob(id);
    return { state: "dead", reason: dead.reason };
  }

  #checkOpen(
    action: string,
    options?: WaitOptions,
  ): Promise<never> | undefined {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#closed ? readyError(closedError(action)) : undefined;
  }

  deadLetters(options?: WaitOptions): AsyncIterableIterator<DeadLetter<T>> {
    const all = this.#dead.all.values();
    return listing(
      () => this.#checkOpen("list dead letters", options),
      async () => {
        await ready(undefined);
        for (const dead of all) if (this.#dead.has(dead)) return dead;
        return undefined;
      },
      (dead) => this.#letter(dead, options),
    );
  }

  async #letter(
    dead: DeadEntry,
    options?: WaitOptions,
  ): Promise<DeadLetter<T>> {
    const drop = async (options?: WaitOptions) => {
      await (this.#checkOpen("drop dead letters", options) ?? ready(undefined));
      this.#dead.delete(dead);
    };
    const requeue = (options?: WaitOptions): Promise<void> =>
      this.#producer.putBack(letter, dead, options);
    const value = await decodedOrNothing(this.#codec, dead.data, options);
    const letter = new DeadLetterEntry(dead, value, {
      drop: (options) => composite(() => drop(options)),
      requeue,
    });
    return letter;
  }

  [Symbol.asyncIterator](): AsyncIterator<Job<T>, undefined> {
    return this.#getters.waiters.iterate();
  }

  // deno-lint-ignore require-await -- to be awaited by `await using`
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#producer.close();
    this[SCHEDULES].close();
    this.#store.clear();
    this.#dead.clear();
    this.#results.close(closedError("get a result"));
    this.#getters.waiters.close(closedError("get"));
    this.#joiners.failAll(closedError("join"));
  }

  static {
    printable(MemoryJobs, (jobs) => ({
      ready: jobs.#store.counts.waiting,
      delayed: jobs.#store.counts.delayed || undefined,
      leased: jobs.#store.counts.leased,
      dead: jobs.#dead.size || undefined,
      paused: jobs.#store.paused || undefined,
      maxSize: jobs.#settings.maxSize,
      getters: jobs.#getters.waiters.size,
      putters: jobs.#producer.waiting,
      joiners: jobs.#joiners.size || undefined,
      closed: jobs.#closed || undefined,
    }));
  }
}
