/** @module */

/** Where a queue keeps its items; it decides the order in which they leave. */
export interface Items<T> {
  readonly size: number;
  /** Adds an item. If it throws, nothing has changed. */
  add(item: T): void;
  /**
   * Takes the next item out. To be called if there is one. If it throws, nothing
   * has changed.
   */
  take(): T;
  clear(): void;
  /** A copy of all items, in any order. */
  values(): T[];
  /**
   * Takes out items, and returns them in the order in which they would have left.
   * If it throws, nothing has changed.
   *
   * @param marked For each item of {@linkcode values}, whether it is taken out.
   */
  remove(marked: readonly boolean[]): T[];
}
