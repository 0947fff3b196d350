/** @module */

/** What a queue keeps its items in, and in which order they leave it. */
export interface Items<T> {
  readonly size: number;
  /** Where it throws, nothing has changed. */
  add(item: T): void;
  /**
   * Takes the next one out; there is one. Where it throws, nothing has changed.
   */
  take(): T;
  clear(): void;
  /** All of them, in an order of its own. */
  values(): T[];
  /**
   * Takes out the items whose places among the values are marked, and returns
   * them in the order in which they would have left. If it throws, nothing has
   * changed.
   */
  remove(marked: readonly boolean[]): T[];
}
