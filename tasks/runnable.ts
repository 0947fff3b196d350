/** @module */

/**
 * An entry of the ready queue: a wake-up, a callback, the first step of a task.
 */
export interface Runnable {
  run(): void;
  /**
   * Whether it is a call of foreign code: those keep their order among each
   * other.
   */
  readonly calls: boolean;
}
