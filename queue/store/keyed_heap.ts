/** @module */
import type { Compare } from "./heap.ts";
import type { Items } from "./items.ts";

/** An order in which most items have a number, the key. */
export interface KeyedOrder<T> {
  readonly compare: Compare<T>;
  /** Whether all items that have got the same key until now are equal. */
  readonly isExact: boolean;
  /**
   * Returns the key of an item. If the keys of two items differ, the item with
   * the smaller one comes first. `NaN` decides nothing.
   */
  keyOf(item: T): number;
}

/**
 * Smallest first: a heap that compares the keys of its items, and the items only
 * if the keys decide nothing.
 *
 * Keys, items and arrivals have an array each, so most comparisons read no items,
 * which are scattered over the memory. With four children for each node, the heap
 * is half as deep as a binary one, and the keys of the children are neighbours.
 */
export class KeyedHeap<T> implements Items<T> {
  readonly #order: KeyedOrder<T>;
  #keys: number[] = [];
  #items: T[] = [];
  /** Equal items leave in order of arrival. */
  #arrivals: number[] = [];
  #nextArrival = 0;

  constructor(order: KeyedOrder<T>) {
    this.#order = order;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#insert(this.#order.keyOf(item), item, this.#nextArrival++);
  }

  take(): T {
    const place = this.#placeOfLast();
    const first = this.#items[0]!;
    const key = this.#keys.pop()!;
    const item = this.#items.pop()!;
    const arrival = this.#arrivals.pop()!;
    if (this.#items.length > 0) this.#moveUp(place, key, item, arrival);
    return first;
  }

  clear(): void {
    this.#keys = [];
    this.#items = [];
    this.#arrivals = [];
  }

  values(): T[] {
    return [...this.#items];
  }

  remove(marked: readonly boolean[]): T[] {
    const kept = new KeyedHeap(this.#order);
    const removed = new KeyedHeap(this.#order);
    for (const [i, item] of this.#items.entries()) {
      const heap = marked[i] ? removed : kept;
      heap.#insert(this.#keys[i]!, item, this.#arrivals[i]!);
    }
    const items = Array.from({ length: removed.size }, () => removed.take());
    this.#keys = kept.#keys;
    this.#items = kept.#items;
    this.#arrivals = kept.#arrivals;
    return items;
  }

  #insert(key: number, item: T, arrival: number): void {
    const keys = this.#keys;
    const items = this.#items;
    const arrivals = this.#arrivals;
    let place = items.length;
    keys.push(key);
    items.push(item);
    arrivals.push(arrival);
    while (place > 0) {
      const parent = (place - 1) >> 2;
      if (!this.#goesBefore(key, item, arrival, parent)) break;
      keys[place] = keys[parent]!;
      items[place] = items[parent]!;
      arrivals[place] = arrivals[parent]!;
      place = parent;
    }
    keys[place] = key;
    items[place] = item;
    arrivals[place] = arrival;
  }

  /**
   * Where the last item belongs when the first one has left. The path goes down to
   * a leaf along the least children, and back up, mostly not far. That takes fewer
   * comparisons than comparing with the last item on the way down.
   */
  #placeOfLast(): number {
    const keys = this.#keys;
    const size = keys.length - 1;
    let place = 0;
    for (let child = 1; child < size; child = 4 * place + 1) {
      place = child;
      let least = keys[child]!;
      const end = Math.min(child + 4, size);
      for (let i = child + 1; i < end; i++) {
        const key = keys[i]!;
        if (key < least || !(key > least) && this.#breaksTie(i, place)) {
          place = i;
          least = key;
        }
      }
    }
    while (place > 0 && this.#precedes(size, place)) place = (place - 1) >> 2;
    return place;
  }

  /** Puts the item at `place`, and moves those above it up; the first leaves. */
  #moveUp(place: number, key: number, item: T, arrival: number): void {
    const keys = this.#keys;
    const items = this.#items;
    const arrivals = this.#arrivals;
    while (place > 0) {
      const nextKey = keys[place]!;
      const nextItem = items[place]!;
      const nextArrival = arrivals[place]!;
      keys[place] = key;
      items[place] = item;
      arrivals[place] = arrival;
      key = nextKey;
      item = nextItem;
      arrival = nextArrival;
      place = (place - 1) >> 2;
    }
    keys[0] = key;
    items[0] = item;
    arrivals[0] = arrival;
  }

  #precedes(place: number, other: number): boolean {
    const key = this.#keys[place]!;
    const otherKey = this.#keys[other]!;
    return key < otherKey ||
      !(key > otherKey) && this.#breaksTie(place, other);
  }

  #goesBefore(key: number, item: T, arrival: number, place: number): boolean {
    const other = this.#keys[place]!;
    if (key < other) return true;
    if (key > other) return false;
    if (this.#order.isExact) return arrival < this.#arrivals[place]!;
    const order = this.#order.compare(item, this.#items[place]!);
    return order < 0 || !(order > 0) && arrival < this.#arrivals[place]!;
  }

  /** Whether one comes before the other, though their keys decide nothing. */
  #breaksTie(place: number, other: number): boolean {
    const arrivals = this.#arrivals;
    const isEarlier = arrivals[place]! < arrivals[other]!;
    if (this.#order.isExact) return isEarlier;
    const items = this.#items;
    const order = this.#order.compare(items[place]!, items[other]!);
    return order < 0 || !(order > 0) && isEarlier;
  }
}
