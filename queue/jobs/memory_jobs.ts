/** @module */
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { Waiter } from "../../tasks/kernel/wait/waiter.ts";
import { type Codec, codecOf, undecodable } from "./codec.ts";
import { closedError, JobWaiters } from "./job_waiters.ts";
import type { DeadLetter, Job, Jobs, JobsOptions, PutOptions } from "./jobs.ts";
import { type DeadJob, DeadLetterEntry } from "./dead_letter.ts";
import { listing } from "./listing.ts";
import { MemoryJob } from "./_memory_job.ts";
import { SeenIds } from "./_seen_ids.ts";
import { checkPut, type Settings, settingsOf } from "./settings.ts";
import { type Entry, Store } from "./_memory_store.ts";

/**
 * A queue of jobs in the memory of this process: the contract of
 * {@linkcode Jobs} with nothing to install, for one process, and for tests.
 *
 * - Nothing outlives the process; within it, a job that its worker dropped, or
 *   took too long for, comes again.
 * - Jobs are taken in order of arrival. One that comes again is taken before
 *   those that came later.
 * - Time is that of the loop on which it was made: in a `run` with a
 *   `VirtualClock`, leases and delays take no time. After that run nothing can
 *   be delayed, or leased unless for ever: what asks for it rejects with an
 *   `InvalidStateError`, and has changed nothing.
 *
 * @typeParam T What the jobs are. Values pass through `encode` and `decode`
 * here as well: a worker never gets the producer's own object, and what works
 * in memory works on the wire.
 *
 * @throws {TypeError} An option is not what it should be.
 * @throws {RangeError} `lease` or `window` is not more than 0, `maxAttempts` is
 * not at least 1, or `maxSize` is `NaN`.
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

/** A job that somebody wants to put. */
interface Offer {
  readonly entry: Entry;
  readonly delay: number;
  /** Whether the id is the user's own, which may be here already. */
  readonly named: boolean;
  /** For the error, where it comes to nothing. */
  readonly item: unknown;
  /** The dead letter that it was until it is in, unless it is new. */
  readonly remains?: DeadJob;
}

/** Who waits for room. */
class Putter extends Waiter<void> {
  readonly offer: Offer;

  constructor(
    line: WaitQueue<void, Putter>,
    offer: Offer,
    options?: WaitOptions,
  ) {
    super(line, options);
    this.offer = offer;
  }
}

class MemoryJobs<T> implements Jobs<T> {
  readonly #codec: Codec<T>;
  readonly #settings: Settings;
  readonly #store: Store;
  readonly #seen: SeenIds;
  readonly #getters: JobWaiters<T>;
  readonly #putters: WaitQueue<void, Putter> = new WaitQueue<void, Putter>(
    "Jobs.put",
  );
  readonly #joiners = new WaitQueue<void>("Jobs.join");
  readonly #dead = new Set<DeadJob>();
  #closed = false;

  constructor(options?: JobsOptions<T>) {
    this.#codec = codecOf(options);
    this.#settings = settingsOf(options);
    this.#seen = new SeenIds(this.#settings.window);
    this.#store = new Store(this.#settings, {
      ready: () => this.#handOut(),
      dead: ({ id, data, attempts }, reason) =>
        void this.#dead.add({ id, data, attempts, reason, date: new Date() }),
      finished: () => this.#finished(),
    });
    const take = () => this.#take();
    this.#getters = new JobWaiters({ take, wanted() {}, Waiter });
  }

  put(value: T, options?: PutOptions): Promise<void> {
    let data: Uint8Array;
    try {
      checkPut(options);
      data = this.#codec.encode(value);
    } catch (error) {
      return Promise.reject(error);
    }
    const { id, delay = 0 } = options ?? {};
    const entry = newEntry(id ?? crypto.randomUUID(), data);
    const named = id !== undefined;
    return this.#put({ entry, delay, named, item: value }, options);
  }

  #put(offer: Offer, options?: WaitOptions): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.#closed) return readyError(closedError("put into", offer));
    if (this.#full && !this.#isHere(offer)) {
      const putters = this.#putters;
      return putters.add(new Putter(putters, offer, options));
    }
    try {
      this.#accept(offer);
    } catch (error) {
      return readyError(error);
    }
    return ready(undefined);
  }

  get #full(): boolean {
    return this.#store.size >= this.#settings.maxSize;
  }

  /** Whether it is not to be put: another was faster. */
  #isHere({ entry, named, remains }: Offer): boolean {
    if (remains !== undefined) return !this.#dead.has(remains);
    return named && this.#seen.has(entry.id, this.#store.loop.time());
  }

  /** Where it throws, nothing has changed. */
  #accept(offer: Offer): void {
    if (this.#isHere(offer)) return;
    const { entry, delay, named, remains } = offer;
    this.#store.checkDelay(delay);
    if (remains !== undefined) this.#dead.delete(remains);
    if (named) this.#seen.add(entry.id, this.#store.loop.time());
    this.#store.add(entry, delay);
  }

  get(options?: WaitOptions): Promise<Job<T>> {
    return this.#getters.get(options);
  }

  /** The next job that can be decoded. */
  #take(): MemoryJob<T> | undefined {
    const store = this.#store;
    for (let lease = store.take(); lease; lease = store.take()) {
      try {
        const value = this.#codec.decode(lease.entry.data);
        return new MemoryJob(value, lease, store, this.#settings.lease);
      } catch (error) {
        store.fail(lease, undecodable(error));
      }
    }
    return undefined;
  }

  #handOut(): void {
    if (this.#getters.size === 0) return;
    try {
      const job = this.#take();
      if (job === undefined || this.#getters.give(job)) return;
      job.handBack(); // decode is foreign code, and has ended the wait
    } catch (error) {
      this.#getters.fail(error); // their run goes on, that of the queue is over
    }
  }

  /** A job is done, or dead: there is room, or nothing left. */
  #finished(): void {
    let putter: Putter | undefined;
    while (!this.#full && (putter = this.#putters.first) !== undefined) {
      this.#letIn(putter);
    }
    if (this.#store.size === 0) this.#joiners.wakeAll();
  }

  #letIn(putter: Putter): void {
    try {
      this.#store.checkDelay(putter.offer.delay);
    } catch (error) {
      return void putter.fail(error);
    }
    putter.wake(); // first, as decode is foreign code and may end up here
    this.#accept(putter.offer);
  }

  size(options?: WaitOptions): Promise<number> {
    return this.#refused("size of", options) ?? ready(this.#store.size);
  }

  join(options?: WaitOptions): Promise<void> {
    const rejection = this.#refused("join of", options);
    if (rejection !== undefined) return rejection;
    if (this.#store.size === 0) return ready(undefined);
    return this.#joiners.wait(options);
  }

  #refused(asked: string, options?: WaitOptions): Promise<never> | undefined {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#closed ? readyError(closedError(asked)) : undefined;
  }

  deadLetters(options?: WaitOptions): AsyncIterableIterator<DeadLetter<T>> {
    const all = [...this.#dead].values();
    return listing(async () => {
      await (this.#refused("dead letters of", options) ?? ready(undefined));
      for (const remains of all) {
        if (this.#dead.has(remains)) return this.#letter(remains);
      }
      return undefined;
    });
  }

  #letter(remains: DeadJob): DeadLetter<T> {
    const drop = async (options?: WaitOptions) => {
      await (this.#refused("drop from", options) ?? ready(undefined));
      this.#dead.delete(remains);
    };
    const requeue = (options?: WaitOptions): Promise<void> => {
      const entry = newEntry(remains.id, remains.data);
      const offer = { entry, delay: 0, named: false, item: letter, remains };
      return this.#put(offer, options);
    };
    const copy = { ...remains, data: new Uint8Array(remains.data) };
    const letter = new DeadLetterEntry(copy, this.#codec, {
      drop: (options) => ignoreCancelRejection(drop(options)),
      requeue,
    });
    return letter;
  }

  [Symbol.asyncIterator](): AsyncIterator<Job<T>, undefined> {
    return this.#getters.iterate();
  }

  // deno-lint-ignore require-await -- to be awaited by `await using`
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#store.clear();
    this.#dead.clear();
    this.#seen.clear();
    this.#getters.close(closedError("get from"));
    let putter: Putter | undefined;
    while ((putter = this.#putters.first) !== undefined) {
      putter.fail(closedError("put into", putter.offer));
    }
    this.#joiners.failAll(closedError("join of"));
  }

  static {
    printable(MemoryJobs, (jobs) => ({
      ready: jobs.#store.ready,
      delayed: jobs.#store.delayed || undefined,
      leased: jobs.#store.leased,
      dead: jobs.#dead.size || undefined,
      maxSize: jobs.#settings.maxSize,
      getters: jobs.#getters.size,
      putters: jobs.#putters.size,
      joiners: jobs.#joiners.size || undefined,
      closed: jobs.#closed || undefined,
    }));
  }
}

function newEntry(id: string, data: Uint8Array): Entry {
  return { id, data, attempts: 0, arrival: 0 };
}
