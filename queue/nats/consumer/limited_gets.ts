/** @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
import type { JobWaiters } from "../../jobs/job_waiters.ts";
import type { Limits } from "../../jobs/limits.ts";
import type { Acks } from "./acks.ts";
import type { Admission } from "./admission.ts";
import type { NatsJob } from "./nats_job.ts";

/** What limited calls of `get` work with. */
export interface LimitedGetsParts<T> {
  readonly acks: Acks;
  readonly waiters: JobWaiters<T>;
  readonly admission: Admission<T>;
  /** Takes the next job that has come. */
  take(): NatsJob<T> | undefined;
  /** Takes a job back that may not begin yet: others may have it meanwhile. */
  putBack(job: NatsJob<T>): void;
  /** Whether no job may be handed out. */
  paused(): boolean;
  /** Called when a job was admitted or has gone back, and when a rate allows more. */
  admitted(): void;
}

/** Hands jobs to the calls of `get` with limits, as soon as those allow it. */
export class LimitedGets<T> {
  readonly #parts: LimitedGetsParts<T>;
  readonly #loop = getRunningLoop();
  /** How many jobs are being admitted, by their limits. */
  readonly #counts = new Map<Limits, number>();
  /** The jobs that are being admitted. */
  readonly #jobs = new Set<NatsJob<T>>();
  /** The limits whose rate is used up, with the timers that end that. */
  readonly #slowed = new Map<Limits, TimerHandle>();
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
    if (waiting <= count || this.isSlowed(limits)) return;
    // A rate is asked for one job at a time: its answer holds for the others.
    if (limits.rate !== undefined && count > 0) return;
    const { acks, take, admitted } = this.#parts;
    const job = take();
    if (job === undefined) return;
    this.#counts.set(limits, count + 1);
    this.#jobs.add(job);
    acks.inBackground(async () => {
      let wait: number | undefined;
      try {
        wait = await this.#admit(job, limits);
      } finally {
        this.#jobs.delete(job);
        this.#countDown(limits);
        if (wait !== undefined) this.#slow(job, limits, wait);
        admitted();
      }
    });
  }

  #countDown(limits: Limits): void {
    const count = this.#counts.get(limits)! - 1;
    if (count > 0) this.#counts.set(limits, count);
    else this.#counts.delete(limits);
  }

  /**
   * Hands a job out if it may begin. Resolves to the milliseconds until its rate
   * allows that, if it has to wait for it.
   */
  async #admit(job: NatsJob<T>, limits: Limits): Promise<number | undefined> {
    const { admission, waiters, paused } = this.#parts;
    let wait: number | undefined;
    try {
      wait = await admission.admit(job, limits);
    } catch (error) {
      job.handBack();
      throw error;
    }
    // It may be parked, or lost, by a cancel for example.
    if (wait === undefined || job.state !== "leased") return undefined;
    if (wait > 0) return wait;
    for (const waiter of paused() ? [] : waiters) {
      if (waiter.limits === limits && waiter.give(job)) return undefined;
    }
    job.handBack();
    return undefined;
  }

  /** Admits nothing more for `limits` until their rate allows it. */
  #slow(job: NatsJob<T>, limits: Limits, ms: number): void {
    const { putBack, admitted } = this.#parts;
    if (!this.#isClosed && this.#isWaitedFor(limits)) {
      this.#slowed.get(limits)?.cancel();
      const timer = this.#loop.callLater(ms, () => {
        this.#slowed.delete(limits);
        admitted();
      });
      this.#slowed.set(limits, timer);
    }
    putBack(job);
  }

  #isWaitedFor(limits: Limits): boolean {
    return Array.from(this.#parts.waiters).some((it) => it.limits === limits);
  }

  /** Called when work with `limits` has ended: what waits for them goes back. */
  ended(limits: Limits): void {
    if (this.#isWaitedFor(limits)) return;
    this.#slowed.get(limits)?.cancel();
    this.#slowed.delete(limits);
    this.#parts.admission.clear();
  }

  close(): void {
    this.#isClosed = true;
    for (const timer of this.#slowed.values()) timer.cancel();
    this.#slowed.clear();
  }
}
