/** @module */
import type { Compare, Entry } from "./heap.ts";
import type { Items } from "./items.ts";

/** An order that most items have a number in. */
export interface KeyedOrder<T> {
  readonly compare: Compare<T>;
  /**
   * Whether items with the same key are equal, as all that have been asked for.
   */
  readonly isExact: boolean;
  /**
   * Returns a number that agrees with the order: if those of two items differ,
   * the item with the smaller one comes first. `NaN` decides nothing.
   */
  keyOf(item: T): number;
}

/**
 * Smallest first: a heap that compares the keys of its items, and the items only
 * if that decides nothing.
 *
 * The keys have an array of their own, so most comparisons need no access to the
 * entries, which are scattered over the memory. With four children a node it is
 * half as deep as a binary heap, and the keys of the children are neighbours.
 */
export class KeyedHeap<T> implements Items<T> {
  readonly #order: KeyedOrder<T>;
  #keys: number[] = [];
  #entries: Entry<T>[] = [];
  #arrivals = 0;

  constructor(order: KeyedOrder<T>) {
    this.#order = order;
  }

  get size(): number {
    return this.#entries.length;
  }

  add(item: T): void {
    const key = this.#order.keyOf(item);
    this.#insert(key, { item, arrival: this.#arrivals++ });
  }

  take(): T {
    const place = this.#placeOfLast();
    const first = this.#entries[0]!;
    const key = this.#keys.pop()!;
    const entry = this.#entries.pop()!;
    if (entry !== first) this.#moveUp(place, key, entry);
    return first.item;
  }

  clear(): void {
    this.#keys = [];
    this.#entries = [];
  }

  values(): T[] {
    return this.#entries.map(({ item }) => item);
  }

  remove(marked: readonly boolean[]): T[] {
    const kept = new KeyedHeap(this.#order);
    const removed = new KeyedHeap(this.#order);
    for (const [i, entry] of this.#entries.entries()) {
      (marked[i] ? removed : kept).#insert(this.#keys[i]!, entry);
    }
    const items = Array.from({ length: removed.size }, () => removed.take());
    this.#keys = kept.#keys;
    this.#entries = kept.#entries;
    return items;
  }

  #insert(key: number, entry: Entry<T>): void {
    const keys = this.#keys;
    const entries = this.#entries;
    let place = entries.length;
    keys.push(key);
    entries.push(entry);
    while (place > 0) {
      const parent = (place - 1) >> 2;
      if (!this.#goesBefore(key, entry, parent)) break;
      keys[place] = keys[parent]!;
      entries[place] = entries[parent]!;
      place = parent;
    }
    keys[place] = key;
    entries[place] = entry;
  }

  /**
   * Where the last entry belongs once the first is gone: down to the leaves along
   * the least children, and back up, which mostly is not far. This takes fewer
   * comparisons than comparing with it all the way down.
   */
  #placeOfLast(): number {
    const keys = this.#keys;
    const entries = this.#entries;
    const size = entries.length - 1;
    let place = 0;
    for (let child = 1; child < size; child = 4 * place + 1) {
      place = child;
      let least = keys[child]!;
      const end = Math.min(child + 4, size);
      for (let i = child + 1; i < end; i++) {
        const key = keys[i]!;
        if (
          key < least ||
          !(key > least) && this.#breaksTie(entries[i]!, entries[place]!)
        ) {
          place = i;
          least = key;
        }
      }
    }
    const key = keys[size]!;
    const last = entries[size]!;
    while (place > 0 && this.#goesBefore(key, last, place)) {
      place = (place - 1) >> 2;
    }
    return place;
  }

  /** Puts the entry at `place`, and moves all above up; the first one leaves. */
  #moveUp(place: number, key: number, entry: Entry<T>): void {
    const keys = this.#keys;
    const entries = this.#entries;
    while (place > 0) {
      const nextKey = keys[place]!;
      const nextEntry = entries[place]!;
      keys[place] = key;
      entries[place] = entry;
      key = nextKey;
      entry = nextEntry;
      place = (place - 1) >> 2;
    }
    keys[0] = key;
    entries[0] = entry;
  }

  #goesBefore(key: number, entry: Entry<T>, place: number): boolean {
    const other = this.#keys[place]!;
    if (key < other) return true;
    if (key > other) return false;
    return this.#breaksTie(entry, this.#entries[place]!);
  }

  /** Whether `a` comes before `b` though their keys do not say so. */
  #breaksTie(a: Entry<T>, b: Entry<T>): boolean {
    if (this.#order.isExact) return a.arrival < b.arrival;
    const order = this.#order.compare(a.item, b.item);
    return order < 0 || !(order > 0) && a.arrival < b.arrival;
  }
}
