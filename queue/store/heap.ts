/** @module */
import type { Items } from "./items.ts";

/**
 * Compares two items: negative if `a` comes first, positive if `b` does, and
 * anything else if they are equal.
 */
export type Compare<T> = (a: T, b: T) => number;

interface Entry<T> {
  readonly item: T;
  /** Equal items leave in order of arrival. */
  readonly arrival: number;
}

/**
 * Smallest first: a binary heap. `compare` is the user's code and may throw, so
 * each change finds its path first and moves entries afterwards.
 */
export class Heap<T> implements Items<T> {
  readonly #compare: Compare<T>;
  #entries: Entry<T>[] = [];
  #arrivals = 0;

  constructor(compare: Compare<T>) {
    this.#compare = compare;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(item: T): void {
    this.#insert({ item, arrival: this.#arrivals });
    this.#arrivals++;
  }

  #insert(entry: Entry<T>): void {
    const entries = this.#entries;
    let top = entries.length;
    while (top > 0 && this.#before(entry, entries[(top - 1) >> 1]!)) {
      top = (top - 1) >> 1;
    }
    let i = entries.length;
    while (i > top) {
      const parent = (i - 1) >> 1;
      entries[i] = entries[parent]!;
      i = parent;
    }
    entries[i] = entry;
  }

  take(): T {
    const entries = this.#entries;
    let i = this.#placeOfLast();
    let entry = entries.pop()!;
    if (entries.length === 0) return entry.item;
    // All entries on the way up move one up, and the first one leaves.
    while (i > 0) {
      const above = entries[i]!;
      entries[i] = entry;
      entry = above;
      i = (i - 1) >> 1;
    }
    const first = entries[0]!;
    entries[0] = entry;
    return first.item;
  }

  clear(): void {
    this.#entries.length = 0;
  }

  values(): T[] {
    return this.#entries.map(({ item }) => item);
  }

  remove(marked: readonly boolean[]): T[] {
    const kept = new Heap(this.#compare);
    const removed = new Heap(this.#compare);
    for (const [i, entry] of this.#entries.entries()) {
      (marked[i] ? removed : kept).#insert(entry);
    }
    const items = Array.from({ length: removed.size }, () => removed.take());
    this.#entries = kept.#entries;
    return items;
  }

  /**
   * Where the last entry belongs when the first one has left. The path goes down
   * to a leaf along the lesser children, and back up, mostly not far. That takes
   * half as many comparisons as comparing with the last entry on the way down.
   */
  #placeOfLast(): number {
    const entries = this.#entries;
    const size = entries.length - 1;
    const last = entries[size]!;
    let place = 0;
    for (let child = 1; child < size; child = 2 * child + 1) {
      if (
        child + 1 < size && this.#before(entries[child + 1]!, entries[child]!)
      ) child++;
      place = child;
    }
    while (place > 0 && this.#before(last, entries[place]!)) {
      place = (place - 1) >> 1;
    }
    return place;
  }

  #before(a: Entry<T>, b: Entry<T>): boolean {
    const order = this.#compare(a.item, b.item);
    return order < 0 || !(order > 0) && a.arrival < b.arrival;
  }
}
