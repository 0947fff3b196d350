/** Hands the jobs of a queue in memory out. @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import { isThenable } from "../../tasks/kernel/types.ts";
import { type Codec, undecodable } from "./codec.ts";
import { JobWaiters } from "./job_waiters.ts";
import type { Limits } from "./limits.ts";
import { MemoryJob } from "./_memory_job.ts";
import type { Lease } from "./_lease.ts";
import type { Store } from "./_memory_store.ts";

/** Takes leases from a store, decodes their values, and serves calls of `get`. */
export class MemoryGetters<T> {
  readonly waiters: JobWaiters<T>;
  readonly #store: Store;
  readonly #codec: Codec<T>;
  /** The length of a lease, in milliseconds. */
  readonly #lease: number;
  /** How many jobs an asynchronous `decode` is at work on, by their limits. */
  readonly #decoding = new Map<Limits | undefined, number>();

  constructor(store: Store, codec: Codec<T>, lease: number) {
    this.#store = store;
    this.#codec = codec;
    this.#lease = lease;
    this.waiters = new JobWaiters({
      take: (limits) => this.#take(limits),
      handBack: (job) => (job as MemoryJob<T>).handBack(),
      // Only an asynchronous decode lets a call wait though there are jobs.
      wanted: () => {
        if (this.#decoding.size > 0) this.handOut();
      },
      get empty() {
        return store.empty;
      },
      external: false,
    });
  }

  /** Serves the calls that wait. */
  handOut(): void {
    if (this.waiters.size === 0) return;
    try {
      this.waiters.serve();
    } catch (error) {
      // The run of the queue has ended, and that of the waiting calls has not.
      this.waiters.fail(error);
    }
  }

  /** Leases the next job whose value can be decoded synchronously. */
  #take(limits: Limits | undefined): MemoryJob<T> | undefined {
    while (this.#mayDecode(limits)) {
      const lease = this.#store.take(limits);
      if (lease === undefined) return undefined;
      const decoded = this.#decode(lease, limits);
      if (decoded !== undefined) return this.#jobOf(decoded.value, lease);
    }
    return undefined;
  }

  /** Whether fewer jobs are being decoded than calls with these limits wait. */
  #mayDecode(limits: Limits | undefined): boolean {
    const count = this.#decoding.get(limits);
    return count === undefined || count < this.waiters.count(limits);
  }

  /**
   * Returns `undefined` if the value cannot be decoded, or if `decode` is
   * asynchronous: then the job is handed out later.
   */
  #decode(
    lease: Lease,
    limits: Limits | undefined,
  ): { value: T } | undefined {
    try {
      const value = this.#codec.decode(lease.entry.data);
      if (!isThenable(value)) return { value };
      const promise = value as PromiseLike<T>;
      detached(() => this.#decodeLater(promise, lease, limits));
    } catch (error) {
      this.#store.fail(lease, undecodable(error));
    }
    return undefined;
  }

  async #decodeLater(
    value: PromiseLike<T>,
    lease: Lease,
    limits: Limits | undefined,
  ): Promise<void> {
    this.#count(limits, 1);
    let isOver = false;
    const over = () => {
      if (isOver) return;
      isOver = true;
      this.#count(limits, -1);
      this.handOut();
    };
    // A `decode` that takes longer than the lease holds up no other job.
    lease.job = { lose: over, progress: undefined };
    try {
      const decoded = await value;
      if (isOver) return;
      const job = this.#jobOf(decoded, lease);
      const isGiven = !this.#store.paused && this.waiters.give(job, limits);
      if (!isGiven) job.handBack();
    } catch (error) {
      this.#store.fail(lease, undecodable(error));
    } finally {
      over();
    }
  }

  #count(limits: Limits | undefined, change: 1 | -1): void {
    const count = (this.#decoding.get(limits) ?? 0) + change;
    if (count > 0) this.#decoding.set(limits, count);
    else this.#decoding.delete(limits);
  }

  #jobOf(value: T, lease: Lease): MemoryJob<T> {
    return new MemoryJob(value, lease, this.#store, this.#lease);
  }
}
