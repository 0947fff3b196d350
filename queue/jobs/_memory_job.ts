/** @module */
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import { checkMilliseconds } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { reasonText } from "./codec.ts";
import { leaseLost } from "./errors.ts";
import type { Job, JobState } from "./jobs.ts";
import type { Lease, Store } from "./_memory_store.ts";

/** A job of a queue in memory: settling it takes no time. */
export class MemoryJob<T> implements Job<T> {
  readonly value: T;
  readonly id: string;
  readonly attempt: number;
  readonly lease: number;
  readonly #lease: Lease;
  readonly #store: Store;
  #settled = false;

  constructor(value: T, lease: Lease, store: Store, ms: number) {
    this.value = value;
    this.id = lease.entry.id;
    this.attempt = lease.entry.attempts;
    this.lease = ms;
    this.#lease = lease;
    this.#store = store;
  }

  get state(): JobState {
    if (this.#settled) return "settled";
    return this.#store.holds(this.#lease) ? "leased" : "lost";
  }

  /** Whether its queue was closed while it was held. */
  get dropped(): boolean {
    return this.#lease.dropped;
  }

  done(): Promise<void> {
    return this.#settle(this.#store.done(this.#lease));
  }

  retry(delay = 0, reason?: unknown): Promise<void> {
    try {
      checkMilliseconds(delay, "the delay");
      return this.#settle(this.#store.retry(this.#lease, delay, reason));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  release(): Promise<void> {
    return this.#settle(this.#store.release(this.#lease));
  }

  fail(reason: unknown): Promise<void> {
    return this.#settle(this.#store.fail(this.#lease, reasonText(reason)));
  }

  /** Releases it for the queue itself, which is no wait of anybody's. */
  handBack(): void {
    this.#store.release(this.#lease);
  }

  extend(): Promise<void> {
    try {
      return this.#ended(this.#store.extend(this.#lease));
    } catch (error) {
      return Promise.reject(error);
    }
  }

  #settle(held: boolean): Promise<void> {
    if (held) this.#settled = true;
    return this.#ended(held);
  }

  /** It has happened; awaiting it is only where a cancel can strike. */
  #ended(held: boolean): Promise<void> {
    return held
      ? checkpointIfCancelled() ?? ready(undefined)
      : readyError(leaseLost(this));
  }

  static {
    printable(MemoryJob, ({ id, attempt, state }) => ({ id, attempt, state }));
  }
}
