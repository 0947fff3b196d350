/** @module */
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { realClock } from "../../tasks/kernel/loop/clock.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import { isThenable, type WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { type Codec, codecOf } from "./codec.ts";
import { decodedOrNothing, settled } from "./codec_wait.ts";
import { DeadLetterEntry } from "./dead_letter.ts";
import type { Entry } from "./_entry.ts";
import { closedError, unknownJob } from "./errors.ts";
import type { Job } from "./job.ts";
import type { DeadLetter, JobInfo, Jobs, StoredJobState } from "./jobs.ts";
import { listing } from "./listing.ts";
import { type DeadEntry, MemoryDeadLetters } from "./_memory_dead_letters.ts";
import { MemoryGetters } from "./_memory_getters.ts";
import { Store } from "./_memory_store.ts";
import type { JobsOptions, PutOptions } from "./options.ts";
import { type Putter, Putters } from "./_putters.ts";
import { byPriority } from "./_ready_jobs.ts";
import { type Outcome, resultIn, Results, valueOf } from "./results.ts";
import {
  MemorySchedules,
  type ScheduleHost,
} from "./schedule/memory_schedules.ts";
import { SCHEDULES } from "./schedule/schedule.ts";
import { SeenIds } from "./_seen_ids.ts";
import {
  checkId,
  checkPut,
  checkState,
  DEFAULT_PRIORITY,
  type Settings,
  settingsOf,
} from "./settings.ts";
import { QUEUE, type QueueName, traced } from "./telemetry.ts";

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

/** A job that is to be put. */
interface Offer {
  readonly entry: Entry;
  readonly delay: number;
  readonly expires: number;
  /** What the error returns if the job is not put. */
  readonly item: unknown;
  /** If a dead letter is put back: that one. */
  readonly dead?: DeadEntry;
}

class MemoryJobs<T> implements Jobs<T> {
  readonly [QUEUE]: QueueName = { system: "memory", name: "memoryJobs" };
  readonly [SCHEDULES]: MemorySchedules<T>;
  readonly #codec: Codec<T>;
  readonly #settings: Settings;
  readonly #store: Store;
  readonly #seen: SeenIds;
  /** The unfinished jobs that were put with an id, by that. */
  readonly #named = new Map<string, Entry>();
  readonly #results: Results;
  readonly #getters: MemoryGetters<T>;
  readonly #putters = new Putters<Offer>();
  readonly #joiners = new WaitQueue<void>("Jobs.join");
  readonly #dead: MemoryDeadLetters;
  #closed = false;

  constructor(options?: JobsOptions<T>) {
    this.#codec = codecOf(options);
    this.#settings = settingsOf(options);
    this.#seen = new SeenIds(this.#settings.window);
    this.#results = new Results(this.#settings.keepDone);
    const store = this.#store = new Store(this.#settings, {
      ready: () => this.#getters.handOut(),
      finished: (entry, outcome) => this.#finished(entry, outcome),
    });
    const { lease, keepDead } = this.#settings;
    this.#getters = new MemoryGetters(store, this.#codec, lease);
    this.#dead = new MemoryDeadLetters(keepDead, () => store.loop.time());
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
        return this.#checkOpen("schedule in", options);
      },
      encode: (value) => this.#codec.encode(value),
      put: (data, id) => {
        const entry = newEntry(data, {
          id,
          priority: DEFAULT_PRIORITY,
          key: undefined,
          named: true,
          untilDone: false,
          trace: undefined,
        });
        const rest = { delay: 0, expires: Infinity, item: undefined };
        detached(() => this.#put({ entry, ...rest })).catch(() => {});
      },
    };
  }

  put(value: T, options?: PutOptions): Promise<void> {
    return traced(this, options?.id, (trace) => {
      let data: Uint8Array | PromiseLike<Uint8Array>;
      try {
        checkPut(options);
        data = this.#codec.encode(value);
      } catch (error) {
        return Promise.reject(error);
      }
      if (!isThenable(data)) return this.#offer(value, data, trace, options);
      return composite(() => this.#putEncoded(value, data, trace, options));
    });
  }

  async #putEncoded(
    value: T,
    data: PromiseLike<Uint8Array>,
    trace: string | undefined,
    options?: PutOptions,
  ): Promise<void> {
    await this.#offer(value, await settled(data, options), trace, options);
  }

  #offer(
    item: T,
    data: Uint8Array,
    trace: string | undefined,
    options: PutOptions = {},
  ): Promise<void> {
    const { delay = 0, expires = Infinity, unique, id } = options;
    const entry = newEntry(data, {
      id: id ?? crypto.randomUUID(),
      priority: options.priority ?? DEFAULT_PRIORITY,
      key: options.key,
      named: id !== undefined,
      untilDone: unique === "untilDone",
      trace,
    });
    return this.#put({ entry, delay, expires, item }, options);
  }

  #put(offer: Offer, options?: WaitOptions): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#closed) return readyError(closedError("put into", offer));
    if (this.#full && !this.#isHere(offer)) {
      return this.#putters.join(offer, options);
    }
    try {
      this.#accept(offer);
    } catch (error) {
      return readyError(error);
    }
    return ready(undefined);
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
    for (const { value, ...rest } of list) {
      await this.put(value, { ...rest, signal: options?.signal });
    }
  }

  get #full(): boolean {
    return this.#store.size >= this.#settings.maxSize;
  }

  /** Whether the job, or one with its id, is in the queue already. */
  #isHere({ entry, dead }: Offer): boolean {
    if (dead !== undefined) return !this.#dead.has(dead);
    if (!entry.named) return false;
    const other = this.#named.get(entry.id);
    if (entry.untilDone) return other !== undefined;
    return other?.untilDone === true ||
      this.#seen.has(entry.id, this.#store.loop.time());
  }

  /** Puts the job into the store. If that throws, nothing has changed. */
  #accept(offer: Offer): void {
    if (this.#isHere(offer)) return;
    const { entry, delay, expires, dead } = offer;
    this.#store.checkTimers(offer);
    if (dead !== undefined) this.#dead.delete(dead);
    else if (entry.named && !entry.untilDone) {
      this.#seen.add(entry.id, this.#store.loop.time());
    }
    if (entry.named) this.#named.set(entry.id, entry);
    this.#store.add(entry, delay, expires);
  }

  get(options?: WaitOptions): Promise<Job<T>> {
    return this.#getters.waiters.get(options);
  }

  /** Called when an entry has left the store: keeps its outcome, wakes waits. */
  #finished(entry: Entry, outcome: Outcome): void {
    const { id, named } = entry;
    if (this.#named.get(id) === entry) this.#named.delete(id);
    if (outcome.state === "dead") this.#dead.add(entry, outcome.reason);
    this.#keepOutcome(id, named, outcome);
    let putter: Putter<Offer> | undefined;
    while (!this.#full && (putter = this.#putters.first) !== undefined) {
      this.#letIn(putter);
    }
    if (this.#store.size === 0) this.#joiners.wakeAll();
  }

  #keepOutcome(id: string, named: boolean, outcome: Outcome): void {
    const results = this.#results;
    const hasResult = outcome.state !== "done" || outcome.result !== undefined;
    if (named || hasResult) results.add(id, outcome, this.#store.loop.time());
    results.wake(id, outcome);
  }

  #letIn(putter: Putter<Offer>): void {
    const { offer } = putter;
    try {
      this.#store.checkTimers(offer);
    } catch (error) {
      return void putter.fail(error);
    }
    // Before the job is in: that may call `decode`, which may come back here.
    putter.wake();
    this.#accept(offer);
    const { id, named } = offer.entry;
    if (named) this.#putters.wakeAll(id, (other) => this.#isHere(other));
  }

  size(options?: WaitOptions): Promise<number> {
    return this.#checkOpen("size of", options) ?? ready(this.#store.size);
  }

  join(options?: WaitOptions): Promise<void> {
    const rejection = this.#checkOpen("join of", options);
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
    const rejection = this.#checkOpen("counts of", options);
    if (rejection !== undefined) return rejection;
    const { waiting, delayed, leased } = this.#store.counts;
    return ready({ waiting, delayed, leased, dead: this.#dead.size });
  }

  list(
    state: StoredJobState,
    options?: WaitOptions,
  ): AsyncIterableIterator<JobInfo<T>> {
    checkState(state);
    let all: Iterator<Entry> | undefined;
    return listing(
      () => this.#checkOpen("list of", options),
      async () => {
        all ??= await ready(this.#entries(state).values());
        for (let it = all.next(); !it.done; it = all.next()) {
          const isStill =
            it.value.state === (state === "dead" ? "gone" : state);
          if (isStill) return it.value;
        }
        return undefined;
      },
      (entry) => this.#info(entry, state, options),
    );
  }

  #entries(state: StoredJobState): Entry[] {
    if (state === "dead") return this.#dead.all.map(({ entry }) => entry);
    const entries = [...this.#store.entries].filter((it) => it.state === state);
    if (state === "waiting") entries.sort(byPriority);
    if (state === "delayed") entries.sort((a, b) => a.due!.when - b.due!.when);
    return entries;
  }

  async #info(
    entry: Entry,
    state: StoredJobState,
    options?: WaitOptions,
  ): Promise<JobInfo<T>> {
    const { id, priority, attempts, key, due } = entry;
    const progress = this.#store.leaseOf(entry)?.job?.progress;
    const wait = due === undefined ? 0 : due.when - this.#store.loop.time();
    return {
      id,
      value: await decodedOrNothing(this.#codec, entry.data, options),
      state,
      attempt: attempts,
      priority,
      ...(key !== undefined && { key }),
      ...(due !== undefined && { due: new Date(Date.now() + wait) }),
      ...(progress !== undefined && { progress: valueOf(progress) }),
    };
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
    const rejection = this.#checkOpen("remove from", options);
    if (rejection !== undefined) return rejection;
    const entry = this.#store.find(id);
    if (entry !== undefined) {
      if (entry.state === "leased" && !leased) return ready(false);
      this.#store.cancel(entry);
      return ready(true);
    }
    const dead = leased ? undefined : this.#dead.find(id);
    return ready(dead !== undefined && this.#dead.delete(dead));
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

  #checkOpen(asked: string, options?: WaitOptions): Promise<never> | undefined {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#closed ? readyError(closedError(asked)) : undefined;
  }

  deadLetters(options?: WaitOptions): AsyncIterableIterator<DeadLetter<T>> {
    const all = this.#dead.all.values();
    return listing(
      () => this.#checkOpen("dead letters of", options),
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
      await (this.#checkOpen("drop from", options) ?? ready(undefined));
      this.#dead.delete(dead);
    };
    const requeue = (options?: WaitOptions): Promise<void> => {
      const entry = newEntry(dead.data, dead.entry);
      const rest = { delay: 0, expires: Infinity, item: letter, dead };
      return this.#put({ entry, ...rest }, options);
    };
    const value = await decodedOrNothing(this.#codec, dead.data, options);
    const copy = { ...dead, data: new Uint8Array(dead.data) };
    const letter = new DeadLetterEntry(copy, value, {
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
    this[SCHEDULES].close();
    this.#store.clear();
    this.#dead.clear();
    this.#seen.clear();
    this.#named.clear();
    this.#results.close(closedError("result from"));
    this.#getters.waiters.close(closedError("get from"));
    let putter: Putter<Offer> | undefined;
    while ((putter = this.#putters.first) !== undefined) {
      putter.fail(closedError("put into", putter.offer));
    }
    this.#joiners.failAll(closedError("join of"));
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
      putters: jobs.#putters.size,
      joiners: jobs.#joiners.size || undefined,
      closed: jobs.#closed || undefined,
    }));
  }
}

function newEntry(
  data: Uint8Array,
  { id, priority, key, named, untilDone, trace }: Pick<
    Entry,
    "id" | "priority" | "key" | "named" | "untilDone" | "trace"
  >,
): Entry {
  return {
    id,
    data,
    priority,
    key,
    named,
    untilDone,
    trace,
    arrival: 0,
    attempts: 0,
    state: "gone",
    due: undefined,
    expiry: undefined,
    parked: false,
  };
}
