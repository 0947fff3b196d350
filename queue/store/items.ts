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
}
