/**
 * Time, as the loop sees it: the real clock, and the shape of any other.
 *
 * @module
 */
import { clearTimeout, setTimeout } from "node:timers";

/**
 * Where a loop takes its time from. {@linkcode run} uses the real one unless it
 * is given another, such as the `VirtualClock` of `./testing`.
 */
export interface Clock {
  /** The time in milliseconds: monotonic, from an arbitrary start. */
  now(): number;
  /**
   * Connects a loop, and returns the alarm that the loop sets to its earliest
   * timer.
   */
  connect(loop: ClockedLoop): Alarm;
}

/** The side of a loop that a clock sees. */
export interface ClockedLoop {
  /**
   * Runs what is due. The clock calls it once its time has reached the alarm's.
   */
  ring(): void;
  /**
   * Whether every task waits, for nothing but time or each other: nothing
   * happens until the clock moves on.
   */
  readonly blocked: boolean;
  /** Whether the run is over: the clock may forget the loop. */
  readonly closed: boolean;
  /**
   * A clock may set this. The loop calls it when {@linkcode blocked} may have
   * become true.
   */
  onWait: (() => void) | undefined;
}

/** One alarm a loop. */
export interface Alarm {
  /**
   * Rings at `when`, in place of what was set before; `undefined` for never.
   */
  set(when: number | undefined): void;
}

/**
 * The runtime waits at most this long in one timer (it would fire at once);
 * longer waits are chained.
 */
const LONGEST_TIMEOUT_MS = 2 ** 31 - 1;

class RealAlarm implements Alarm {
  #loop: ClockedLoop;
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor(loop: ClockedLoop) {
    this.#loop = loop;
  }

  set(when: number | undefined): void {
    if (this.#timer !== undefined) clearTimeout(this.#timer);
    this.#timer = undefined;
    if (when === undefined) return;
    // Rounded up: native timers count whole milliseconds, and one that fires
    // early would only be set again.
    const delay = Math.min(
      Math.max(Math.ceil(when - performance.now()), 1),
      LONGEST_TIMEOUT_MS,
    );
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#loop.ring();
    }, delay);
  }
}

/** The runtime's own monotonic clock. */
export const realClock: Clock = {
  now: () => performance.now(),
  connect: (loop) => new RealAlarm(loop),
};
