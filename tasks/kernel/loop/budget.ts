/** @module */

/**
 * How many wake-ups lie between two looks at the time. A turn is due at the
 * second look at the earliest. So 64 requests of one packet, each with its read
 * and its drain, are answered in one turn, however slow the machine is.
 */
const WAKE_UPS = 128;

/**
 * How many more wake-ups resolve their promise at once, before the time is
 * looked at. All loops run on one thread, so they share one budget, and code
 * that spends it need not know its loop.
 */
export class Budget {
  #left = WAKE_UPS;
  #deferring = 0;

  /** Whether one more wake-up may resolve its promise at once. */
  spend(): boolean {
    return this.#left-- > 0;
  }

  /** How many loops defer their wake-ups: none may overtake these. */
  get deferring(): number {
    return this.#deferring;
  }

  set deferring(loops: number) {
    this.#deferring = loops;
    this.#left = 0;
  }

  /** Starts a new budget, unless a loop defers its wake-ups. */
  renew(): void {
    if (this.#deferring === 0) this.#left = WAKE_UPS;
  }
}

export const budget: Budget = new Budget();
