/** The timers of a loop, earliest first. @module */
import type { Runnable } from "./runnable.ts";

/**
 * Something that happens at a time; the heap keeps its place in it, so that
 * removing it leaves no trace.
 */
export abstract class Timer implements Runnable {
  /** The time on the loop's clock, in milliseconds. */
  readonly when: number;
  /** The place in the heap; -1 outside it. */
  index = -1;
  /** Timers of the same time fire in the order in which they were set. */
  order = 0;

  constructor(when: number) {
    this.when = when;
  }

  abstract readonly calls: boolean;
  /** Called when the time has come. */
  abstract run(): void;
}

/**
 * Four children a node: shallower than a binary heap, and its children lie side
 * by side in memory.
 */
const ARITY = 4;

/**
 * A heap with O(log n) insertion and removal of any timer, and O(1) access to
 * the earliest.
 */
export class TimerHeap {
  #heap: Timer[] = [];
  #orders = 0;

  get size(): number {
    return this.#heap.length;
  }

  get first(): Timer | undefined {
    return this.#heap[0];
  }

  add(timer: Timer): void {
    timer.order = this.#orders++;
    this.#rise(timer, this.#heap.length);
  }

  /** Takes the timer out, wherever it stands; harmless when it is not in. */
  remove(timer: Timer): void {
    const heap = this.#heap;
    const index = timer.index;
    if (index < 0) return;
    timer.index = -1;
    const last = heap.pop()!;
    if (last === timer) return;
    if (index > 0 && before(last, heap[(index - 1) >> 2]!)) {
      this.#rise(last, index);
    } else this.#sink(last, index);
  }

  clear(): void {
    for (const timer of this.#heap) timer.index = -1;
    this.#heap = [];
  }

  #rise(timer: Timer, index: number): void {
    const heap = this.#heap;
    while (index > 0) {
      const up = (index - 1) >> 2;
      const parent = heap[up]!;
      if (!before(timer, parent)) break;
      heap[index] = parent;
      parent.index = index;
      index = up;
    }
    heap[index] = timer;
    timer.index = index;
  }

  #sink(timer: Timer, index: number): void {
    const heap = this.#heap;
    const length = heap.length;
    while (true) {
      const firstChild = index * ARITY + 1;
      if (firstChild >= length) break;
      let least = firstChild;
      const end = Math.min(firstChild + ARITY, length);
      for (let child = firstChild + 1; child < end; child++) {
        if (before(heap[child]!, heap[least]!)) least = child;
      }
      const smallest = heap[least]!;
      if (!before(smallest, timer)) break;
      heap[index] = smallest;
      smallest.index = index;
      index = least;
    }
    heap[index] = timer;
    timer.index = index;
  }
}

function before(a: Timer, b: Timer): boolean {
  return a.when < b.when || (a.when === b.when && a.order < b.order);
}
