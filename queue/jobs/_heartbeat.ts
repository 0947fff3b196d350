/** @module */
import { getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";
import { LeaseLostError } from "./errors.ts";
import type { Job } from "./job.ts";

/** Extends a lease, three times in its length, until it is stopped. */
export class Heartbeat {
  readonly #job: Job<unknown>;
  readonly #lost: () => void;
  #next: TimerHandle | undefined;

  /** @param lost Called when the lease could not be extended. */
  constructor(job: Job<unknown>, lost: () => void) {
    this.#job = job;
    this.#lost = lost;
    this.#plan();
  }

  stop(): void {
    this.#next?.cancel();
    this.#next = undefined;
  }

  #plan(): void {
    const { lease } = this.#job;
    if (lease === Infinity) return;
    this.#next = getRunningLoop().callLater(lease / 3, () => this.#beat());
  }

  async #beat(): Promise<void> {
    const beat = this.#next;
    try {
      await this.#job.extend();
      if (this.#next === beat) this.#plan();
    } catch (error) {
      if (!(error instanceof LeaseLostError)) throw error;
      if (this.#next === beat && this.#job.state === "lost") this.#lost();
    }
  }
}
