/** @module */
import type { Items } from "./items.ts";

/** Last in, first out. */
export class Stack<T> implements Items<T> {
  #items: T[] = [];

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#items.push(item);
  }

  take(): T {
    return this.#items.pop() as T;
  }

  clear(): void {
    this.#items.length = 0;
  }

  values(): T[] {
    return [...this.#items];
  }

  remove(marked: readonly boolean[]): T[] {
    const removed = this.#items.filter((_, i) => marked[i]);
    this.#items = this.#items.filter((_, i) => !marked[i]);
    return removed.reverse();
  }
}
