/** @module */

/**
 * Wake-ups between two looks at the time. So many that 64 requests of one
 * packet, each with its read and its drain, are answered in one turn, however
 * slow the machine is: it takes two looks for a turn to be due.
 */
const WAKE_UPS = 128;

/**
 * What may go the short way until the time is looked at. There is one
 * thread, so there is one budget, whatever loops share it; and who has it need
 * not ask on which of them it is.
 */
export class Budget {
  #left = WAKE_UPS;
  #deferring = 0;

  /** Whether one more wake-up may go the short way. */
  spend(): boolean {
    return this.#left-- > 0;
  }

  /** How many loops defer what they wake, so that nothing may overtake it. */
  get deferring(): number {
    return this.#deferring;
  }

  set deferring(loops: number) {
    this.#deferring = loops;
    this.#left = 0;
  }

  /** A new one, unless a loop defers. */
  renew(): void {
    if (this.#deferring === 0) this.#left = WAKE_UPS;
  }
}

export const budget: Budget = new Budget();
