/** @module */

/**
 * An entry of the ready queue: a wake-up, a callback, the first step of a task.
 */
export interface Runnable {
  run(): void;
  /**
   * Whether {@linkcode run} calls foreign code, instead of only resolving a
   * promise.
   */
  readonly calls: boolean;
}
