/** The time limits of a run: for all of it, and for standing still. @module */
import { TimeoutError } from "../tasks/kernel/errors.ts";
import { getRunningLoop } from "../tasks/event_loop.ts";
import { type Timeout, timeout } from "../tasks/timeout.ts";
import { checkMilliseconds } from "../tasks/kernel/types.ts";

/** The time limits of a run. */
export interface TimeLimits {
  /** How long the run may take, in milliseconds. */
  timeout?: number | undefined;
  /**
   * How long nothing may move through the pipes, in milliseconds. It ends a program
   * that is stuck, but not one that works for long.
   */
  idleTimeout?: number | undefined;
}

/** The limit that has expired. */
export interface Expiry {
  timeout: number;
  idle: boolean;
}

/** Runs a function under both limits, and knows afterwards which has expired. */
export class Limits {
  readonly #limits: TimeLimits;
  #whole: Timeout | undefined;
  #idle: Timeout | undefined;

  /** @throws {RangeError} A limit is `NaN`. */
  constructor(limits: TimeLimits) {
    const { timeout, idleTimeout } = limits;
    if (timeout !== undefined) {
      checkMilliseconds(timeout, "Cannot run a program: timeout");
    }
    if (idleTimeout !== undefined) {
      checkMilliseconds(idleTimeout, "Cannot run a program: idleTimeout");
    }
    this.#limits = limits;
  }

  /** A limit of zero or less, by which nothing is started. */
  get expiredAtOnce(): Expiry | undefined {
    const { timeout = Infinity, idleTimeout = Infinity } = this.#limits;
    if (timeout <= 0) return { timeout, idle: false };
    if (idleTimeout <= 0) return { timeout: idleTimeout, idle: true };
    return undefined;
  }

  /** @param body Calls `moved` whenever bytes have moved. */
  run<T>(body: (moved: () => void) => Promise<T>): Promise<T> {
    const { timeout: whole, idleTimeout } = this.#limits;
    return timeout(whole, (scope) => {
      this.#whole = scope;
      if (idleTimeout === undefined) return body(() => {});
      return this.#runIdle(idleTimeout, body);
    });
  }

  #runIdle<T>(
    ms: number,
    body: (moved: () => void) => Promise<T>,
  ): Promise<T> {
    const loop = getRunningLoop();
    let over = false;
    return timeout(ms, async (scope) => {
      this.#idle = scope;
      try {
        return await body(() => {
          if (!over && !scope.expired) scope.reschedule(loop.time() + ms);
        });
      } finally {
        // Bytes that move while the program is ended do not renew the limit.
        over = true;
      }
    });
  }

  /** Returns the limit that has thrown `error`. */
  expiry(error: unknown): Expiry | undefined {
    if (!(error instanceof TimeoutError)) return undefined;
    const { timeout, idleTimeout } = this.#limits;
    if (this.#whole?.expired) return { timeout: timeout!, idle: false };
    if (this.#idle?.expired) return { timeout: idleTimeout!, idle: true };
    return undefined;
  }
}
