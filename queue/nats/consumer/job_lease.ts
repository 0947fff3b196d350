/** How long a job belongs to this process. @module */
import type { Clock, Deadline } from "../transport/deadline.ts";

/** The lease of one delivery. */
export class JobLease implements Deadline {
  readonly #clock: Clock;
  #end: number;

  constructor(clock: Clock, end: number) {
    this.#clock = clock;
    this.#end = end;
  }

  /** When it runs out, by the queue's clock. */
  get deadline(): number {
    return this.#end;
  }

  remaining(): number {
    return this.#end - this.#clock.now();
  }

  /** It lasts until `end`, unless it was lost. */
  extendTo(end: number): void {
    if (this.#end !== -Infinity) this.#end = end;
  }

  /** It is over. */
  lose(): void {
    this.#end = -Infinity;
  }
}
