/** @module */
import type { JobWaiters } from "../../jobs/job_waiters.ts";
import type { Limits } from "../../jobs/limits.ts";
import type { QueueContext } from "../queue_context.ts";
import type { Acks } from "./acks.ts";
import type { Admission } from "./admission.ts";
import type { NatsJob } from "./nats_job.ts";

/** What limited calls of `get` work with. */
export interface LimitedGetsParts<T> {
  readonly context: QueueContext;
  readonly acks: Acks;
  readonly waiters: JobWaiters<T>;
  readonly admission: Admission<T>;
  /** Takes the next job that has come. */
  take(): NatsJob<T> | undefined;
  /** Called when a job was admitted or has gone back. */
  admitted(): void;
}

/** Hands jobs to the calls of `get` with limits, as soon as those allow it. */
export class LimitedGets<T> {
  readonly #parts: LimitedGetsParts<T>;
  /** How many jobs are being admitted, by their limits. */
  readonly #counts = new Map<Limits, number>();
  /** The jobs that are being admitted. */
  readonly #jobs = new Set<NatsJob<T>>();
  /** The limits whose rate is used up. */
  readonly #slowed = new Set<Limits>();
  #isClosed = false;

  constructor(parts: LimitedGetsParts<T>) {
    this.#parts = parts;
  }

  /** The jobs that wait for a limit. */
  get jobs(): NatsJob<T>[] {
    return [...this.#jobs, ...this.#parts.admission.parked];
  }

  /** How many jobs are being admitted. */
  get size(): number {
    return this.#jobs.size;
  }

  /** Whether the rate of `limits` is used up for now. */
  isSlowed(limits: Limits): boolean {
    return this.#slowed.has(limits);
  }

  /** Begins to admit a job, if fewer are being admitted than calls wait. */
  admitFor(limits: Limits, waiting: number): void {
    const count = this.#counts.get(limits) ?? 0;
    if (waiting <= count) return;
    // A rate is asked for one job at a time: its answer holds for the others.
    if (limits.rate !== undefined && count > 0) return;
    const { acks, take, admitted } = this.#parts;
    const job = take();
    if (job === undefined) return;
    this.#counts.set(limits, count + 1);
    this.#jobs.add(job);
    acks.inBackground(async () => {
      try {
        await this.#admit(job, limits);
      } finally {
        this.#jobs.delete(job);
        this.#slowed.delete(limits);
        this.#countDown(limits);
        admitted();
      }
    });
  }

  #countDown(limits: Limits): void {
    const count = this.#counts.get(limits)! - 1;
    if (count > 0) this.#counts.set(limits, count);
    else this.#counts.delete(limits);
  }

  async #admit(job: NatsJob<T>, limits: Limits): Promise<void> {
    const { context, admission, waiters } = this.#parts;
    for (;;) {
      let wait: number | undefined;
      try {
        wait = await admission.admit(job, limits);
      } catch (error) {
        job.handBack();
        throw error;
      }
      if (wait === undefined) return; // it is parked, or was lost
      if (wait === 0) break;
      this.#slowed.add(limits);
      await context.connection.pause(wait);
      if (job.state !== "leased" || this.#isClosed) return;
    }
    for (const waiter of waiters) {
      if (waiter.limits === limits && waiter.give(job)) return;
    }
    job.handBack();
  }

  /** Called when work with `limits` has ended: what waits for them goes back. */
  ended(limits: Limits): void {
    const { waiters, admission } = this.#parts;
    for (const waiter of waiters) if (waiter.limits === limits) return;
    admission.clear();
  }

  close(): void {
    this.#isClosed = true;
  }
}
