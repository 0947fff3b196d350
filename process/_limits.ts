/** The two limits on time: for the whole, and for standing still. @module */
import { TimeoutError } from "../tasks/kernel/errors.ts";
import { getRunningLoop } from "../tasks/event_loop.ts";
import { type Timeout, timeout } from "../tasks/timeout.ts";
import { checkMilliseconds } from "../tasks/kernel/types.ts";

/** How long it may take. */
export interface TimeLimits {
  /** How long it may take, in milliseconds. */
  timeout?: number | undefined;
  /**
   * How long nothing may move, in or out, in milliseconds: stuck is different
   * from long.
   */
  idleTimeout?: number | undefined;
}

/** The limit that was over. */
export interface Expiry {
  timeout: number;
  idle: boolean;
}

/**
 * Runs a body under both limits, and knows afterwards which of them was over.
 */
export class Limits {
  readonly #limits: TimeLimits;
  #whole: Timeout | undefined;
  #idle: Timeout | undefined;

  /** @throws {RangeError} One of them is `NaN`. */
  constructor(limits: TimeLimits) {
    const { timeout, idleTimeout } = limits;
    if (timeout !== undefined) checkMilliseconds(timeout, "timeout");
    if (idleTimeout !== undefined) {
      checkMilliseconds(idleTimeout, "idleTimeout");
    }
    this.#limits = limits;
  }

  /** @param body Calls `moved` whenever something has moved. */
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
        // Before the timeout is: bytes may still move, of what is being ended.
        over = true;
      }
    });
  }

  /** Which of them it was that threw `error`. */
  expiry(error: unknown): Expiry | undefined {
    if (!(error instanceof TimeoutError)) return undefined;
    const { timeout, idleTimeout } = this.#limits;
    if (this.#whole?.expired) return { timeout: timeout!, idle: false };
    if (this.#idle?.expired) return { timeout: idleTimeout!, idle: true };
    return undefined;
  }
}
