/** @module */
import type { Items } from "./items.ts";

const SMALLEST = 16;

/**
 * First in, first out: a ring in an array that doubles when it is full and
 * halves when it is nearly empty.
 */
export class Ring<T> implements Items<T> {
  #slots: (T | undefined)[] = new Array(SMALLEST);
  #first = 0;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  add(item: T): void {
    const size = this.#size;
    if (size === this.#slots.length) this.#resize(size * 2);
    this.#slots[(this.#first + size) & (this.#slots.length - 1)] = item;
    this.#size = size + 1;
  }

  take(): T {
    const slots = this.#slots;
    const item = slots[this.#first];
    slots[this.#first] = undefined;
    this.#first = (this.#first + 1) & (slots.length - 1);
    const size = this.#size = this.#size - 1;
    if (size < slots.length >> 3 && slots.length > SMALLEST) {
      this.#resize(slots.length >> 1);
    }
    return item as T;
  }

  clear(): void {
    this.#slots = new Array(SMALLEST);
    this.#first = 0;
    this.#size = 0;
  }

  values(): T[] {
    const slots = this.#slots;
    return Array.from(
      { length: this.#size },
      (_, i) => slots[(this.#first + i) & (slots.length - 1)] as T,
    );
  }

  remove(marked: readonly boolean[]): T[] {
    const all = this.values();
    this.clear();
    for (const [i, item] of all.entries()) if (!marked[i]) this.add(item);
    return all.filter((_, i) => marked[i]);
  }

  /** The capacity is always a power of two. */
  #resize(capacity: number): void {
    const slots = this.#slots;
    const resized: (T | undefined)[] = new Array(capacity);
    for (let i = 0; i < this.#size; i++) {
      resized[i] = slots[(this.#first + i) & (slots.length - 1)];
    }
    this.#slots = resized;
    this.#first = 0;
  }
}
