/**
 * How much runs before a turn of the loop.
 *
 * @module
 */

/**
 * How many wake-ups lie between two looks at the time. A turn is due at the
 * second look at the earliest. So 64 requests of one packet, each with its read
 * and its drain, are answered in one turn, however slow the machine is.
 */
const WAKE_UPS = 128;

/** After this many milliseconds of wake-ups a turn is due. */
const TURN_INTERVAL_MS = 1;

/** With more ready entries than this, a turn counts as work flat out. */
const BUSY = 256;

/**
 * While there is always something to do, the runtime polls I/O only every 61st
 * turn (Tokio's `event_interval`).
 */
const IO_POLL_INTERVAL = 61;

/**
 * After this many milliseconds of work flat out, {@linkcode IO_POLL_INTERVAL}
 * turns are left empty, which takes 0.06 ms.
 */
const IO_YIELD_INTERVAL_MS = 2;

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

/** When a turn of a loop is due, and which turns are left empty for I/O. */
export class TurnPacing {
  #isDeferring = false;
  /** Since when wake-ups have run without a turn, if the budget was spent. */
  #busySince: number | undefined = undefined;
  #lastIoYield = 0;
  #emptyTurns = 0;

  /** Whether wake-ups go through the ready queue until the next turn. */
  get isDeferring(): boolean {
    return this.#isDeferring;
  }

  set isDeferring(defers: boolean) {
    if (this.#isDeferring === defers) return;
    this.#isDeferring = defers;
    budget.deferring += defers ? 1 : -1;
  }

  /** Starts a new budget, unless a turn is due. Returns whether it did. */
  renewBudget(): boolean {
    if (this.isDeferring) return false;
    const now = performance.now();
    this.#busySince ??= now;
    this.isDeferring = now - this.#busySince >= TURN_INTERVAL_MS;
    if (this.isDeferring) return false;
    budget.renew();
    return true;
  }

  /** A turn begins. */
  beginTurn(): void {
    this.#busySince = undefined;
    this.isDeferring = false;
    budget.renew();
  }

  /**
   * Whether this turn is to be left empty.
   *
   * @param ready How many entries are ready.
   */
  leavesEmpty(ready: number): boolean {
    if (this.#emptyTurns > 0) return this.#emptyTurns-- > 0;
    if (!this.isDeferring && ready <= BUSY) return false;
    const now = performance.now();
    if (now - this.#lastIoYield < IO_YIELD_INTERVAL_MS) return false;
    this.#lastIoYield = now;
    this.#emptyTurns = IO_POLL_INTERVAL - 1;
    return true;
  }
}
