/** @module */
import { printable } from "../../tasks/kernel/watch/inspect.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { jsonText, reasonText } from "./codec.ts";
import { leaseLost } from "./errors.ts";
import { checkRetry, HeldJob } from "./held_job.ts";
import type { JobState } from "./job.ts";
import type { Lease } from "./_lease.ts";
import type { Store } from "./_memory_store.ts";

/** A job of a queue in memory: settlements take effect synchronously. */
export class MemoryJob<T> extends HeldJob<T> {
  readonly #lease: Lease;
  readonly #store: Store;
  #settled = false;

  constructor(value: T, lease: Lease, store: Store, ms: number) {
    const { id, attempts, trace } = lease.entry;
    super({ value, id, attempt: attempts, lease: ms, trace });
    this.#lease = lease;
    this.#store = store;
    lease.job = this;
  }

  get state(): JobState {
    if (this.#settled) return "settled";
    return this.#store.holds(this.#lease) ? "leased" : "lost";
  }

  done(result?: unknown): Promise<void> {
    const text = result === undefined ? undefined : jsonText(result);
    return this.#settle(this.#store.done(this.#lease, text));
  }

  retry(delay = 0, reason?: unknown): Promise<void> {
    try {
      checkRetry(delay);
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

  /** Releases the job, for the queue itself. */
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

  protected override reported(): Promise<void> {
    return this.#ended(true);
  }

  #settle(held: boolean): Promise<void> {
    if (held) this.#settled = true;
    return this.#ended(held);
  }

  /** The call has taken effect; the promise is only a cancellation point. */
  #ended(held: boolean): Promise<void> {
    return held
      ? checkpointIfCancelled() ?? ready(undefined)
      : readyError(leaseLost(this));
  }

  static {
    printable(MemoryJob, ({ id, attempt, state }) => ({ id, attempt, state }));
  }
}
