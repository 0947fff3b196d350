/** How long a job belongs to this process. @module */
import { getRunningLoop } from "../../../tasks/event_loop.ts";
import type { TimerHandle } from "../../../tasks/handle.ts";
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

/** Looks at the clock at least so often, in parts of a lease. */
const TICKS = 20;

const SHORTEST_TICK = 10, LONGEST_TICK = 1000;

/**
 * Knows when a message that is read now was sent, at the earliest. A process that
 * was stopped, or busy, finds messages that have waited for it since: a lease
 * counts from when the servers sent the job, not from when it is read.
 */
export class ArrivalClock {
  readonly #clock: Clock;
  readonly #loop = getRunningLoop();
  #tick: TimerHandle | undefined = undefined;
  #last = 0;
  #beforeLast = 0;

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** Looks at the clock from now on; `lease` says how often. */
  start(lease: number): void {
    if (this.#tick !== undefined) return;
    this.#last = this.#beforeLast = this.#clock.now();
    const ms = Math.min(Math.max(lease / TICKS, SHORTEST_TICK), LONGEST_TICK);
    const tick = () => {
      this.#beforeLast = this.#last;
      this.#last = this.#clock.now();
      this.#tick = this.#loop.callLater(ms, tick);
    };
    this.#tick = this.#loop.callLater(ms, tick);
  }

  stop(): void {
    this.#tick?.cancel();
    this.#tick = undefined;
  }

  /**
   * When a message that is read now was sent, at the earliest. After a stop the
   * timer may fire before the socket is read: so it is the time before the last.
   */
  get earliest(): number {
    return this.#tick === undefined ? this.#clock.now() : this.#beforeLast;
  }
}
