/** @module */

/**
 * An entry of the ready queue: a wake-up, a callback, the first step of a task.
 */
export interface Runnable {
  run(): void;
  /** Whether `run` calls the user's code. Such entries keep their order. */
  readonly runsUserCode: boolean;
  /**
   * How many microtasks after `run` the code that it causes runs. Given if the
   * entry keeps the order of causes: see `SoonQueue`.
   */
  readonly lag?: number;
  /** Adds the promises that it settles, if it is the wake-up of a wait. */
  noteSettling?(promises: Set<unknown>): void;
}
