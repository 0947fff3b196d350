/** How long a delivered job belongs to this process. @module */
import type { Clock, Deadline } from "../transport/deadline.ts";

/** The lease of one delivery. */
export class JobLease implements Deadline {
  readonly #clock: Clock;
  #end: number;

  constructor(clock: Clock, end: number) {
    this.#clock = clock;
    this.#end = end;
  }

  remaining(): number {
    return this.#end - this.#clock.now();
  }

  /** Extends the lease to `end`, by the clock, unless it was lost. */
  extendTo(end: number): void {
    if (this.#end !== -Infinity) this.#end = end;
  }

  /** Ends the lease. */
  lose(): void {
    this.#end = -Infinity;
  }
}
