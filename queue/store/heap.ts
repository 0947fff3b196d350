/** @module */
import type { Items } from "./items.ts";

/**
 * Says which comes first: less than 0 the one, more than 0 the other, anything
 * else neither.
 */
export type Compare<T> = (a: T, b: T) => number;

/**
 * Returns a number that agrees with the order: if the numbers of two items
 * differ, the item with the smaller one comes first. `NaN` decides nothing.
 */
export type KeyOf<T> = (item: T) => number;

/**
 * Four children a node: shallower than a binary heap, and its children lie side
 * by side in memory.
 */
const ARITY = 4;

/** How many items there is room for before the first growth. */
const ROOM = 16;

function noKey(): number {
  return NaN;
}

/**
 * Smallest first; equal items in order of arrival. The comparisons are foreign
 * code and may throw, so every change finds its path first and moves the items
 * afterwards.
 *
 * The keys have an array of their own: most comparisons are decided there,
 * without access to the items, which are scattered over the memory.
 */
export class Heap<T> implements Items<T> {
  readonly #compare: Compare<T>;
  readonly #keyOf: KeyOf<T>;
  readonly #items: T[] = [];
  #keys = new Float64Array(ROOM);
  #arrivals = new Float64Array(ROOM);
  #nextArrival = 0;

  constructor(compare: Compare<T>, keyOf: KeyOf<T> = noKey) {
    this.#compare = compare;
    this.#keyOf = keyOf;
  }

  get size(): number {
    return this.#items.length;
  }

  add(item: T): void {
    this.#insert(item, this.#keyOf(item), this.#nextArrival);
    this.#nextArrival++;
  }

  take(): T {
    const items = this.#items;
    const last = items.length - 1;
    const item = items[last]!;
    const key = this.#keys[last]!;
    const arrival = this.#arrivals[last]!;
    const place = this.#placeAfterFirst(item, key, arrival);
    const first = items[0]!;
    items.pop();
    if (last === 0) {
      this.clear();
      return first;
    }
    this.#moveUp(place);
    this.#put(place, item, key, arrival);
    return first;
  }

  /** Also frees the room that many items have taken. */
  clear(): void {
    this.#items.length = 0;
    if (this.#keys.length === ROOM) return;
    this.#keys = new Float64Array(ROOM);
    this.#arrivals = new Float64Array(ROOM);
  }

  values(): T[] {
    return [...this.#items];
  }

  remove(marked: readonly boolean[]): T[] {
    const kept = new Heap(this.#compare, this.#keyOf);
    const removed = new Heap(this.#compare, this.#keyOf);
    for (const [i, item] of this.#items.entries()) {
      const heap = marked[i] ? removed : kept;
      heap.#insert(item, this.#keys[i]!, this.#arrivals[i]!);
    }
    const items = Array.from({ length: removed.size }, () => removed.take());
    this.#take(kept);
    return items;
  }

  /** Takes over the contents of `other`, which is not used any more. */
  #take(other: Heap<T>): void {
    this.#items.length = 0;
    for (const item of other.#items) this.#items.push(item);
    this.#keys = other.#keys;
    this.#arrivals = other.#arrivals;
  }

  #insert(item: T, key: number, arrival: number): void {
    let place = this.#items.length;
    while (place > 0 && this.#before(item, key, arrival, parentOf(place))) {
      place = parentOf(place);
    }
    if (this.#items.length === this.#keys.length) this.#grow();
    this.#items.push(item);
    this.#moveDown(this.#items.length - 1, place);
    this.#put(place, item, key, arrival);
  }

  /**
   * Where the last item belongs once the first is gone: down to the leaves along
   * the least children, and back up, which mostly is not far. This takes fewer
   * comparisons than comparing with it all the way down.
   */
  #placeAfterFirst(item: T, key: number, arrival: number): number {
    const items = this.#items;
    const keys = this.#keys;
    const arrivals = this.#arrivals;
    const size = items.length - 1;
    let place = 0;
    for (let child = 1; child < size; child = place * ARITY + 1) {
      place = child;
      const end = Math.min(child + ARITY, size);
      for (let i = child + 1; i < end; i++) {
        if (this.#before(items[i]!, keys[i]!, arrivals[i]!, place)) place = i;
      }
    }
    while (place > 0 && this.#before(item, key, arrival, place)) {
      place = parentOf(place);
    }
    return place;
  }

  /** Whether it comes before the item at `place`. */
  #before(item: T, key: number, arrival: number, place: number): boolean {
    const other = this.#keys[place]!;
    if (key < other) return true;
    if (key > other) return false;
    const order = this.#compare(item, this.#items[place]!);
    return order < 0 || !(order > 0) && arrival < this.#arrivals[place]!;
  }

  /** Moves each item on the path from `to` down to `from` one place down. */
  #moveDown(from: number, to: number): void {
    while (from > to) {
      const parent = parentOf(from);
      this.#copy(parent, from);
      from = parent;
    }
  }

  /** Moves each item on the path from `from` to the top one place up. */
  #moveUp(from: number): void {
    let item = this.#items[from]!;
    let key = this.#keys[from]!;
    let arrival = this.#arrivals[from]!;
    while (from > 0) {
      from = parentOf(from);
      const nextItem = this.#items[from]!;
      const nextKey = this.#keys[from]!;
      const nextArrival = this.#arrivals[from]!;
      this.#put(from, item, key, arrival);
      item = nextItem;
      key = nextKey;
      arrival = nextArrival;
    }
  }

  #copy(from: number, to: number): void {
    const item = this.#items[from]!;
    this.#put(to, item, this.#keys[from]!, this.#arrivals[from]!);
  }

  #put(place: number, item: T, key: number, arrival: number): void {
    this.#items[place] = item;
    this.#keys[place] = key;
    this.#arrivals[place] = arrival;
  }

  #grow(): void {
    this.#keys = doubled(this.#keys);
    this.#arrivals = doubled(this.#arrivals);
  }
}

function parentOf(place: number): number {
  return (place - 1) >> 2;
}

function doubled(
  numbers: Float64Array<ArrayBuffer>,
): Float64Array<ArrayBuffer> {
  const larger = new Float64Array(2 * numbers.length);
  larger.set(numbers);
  return larger;
}
