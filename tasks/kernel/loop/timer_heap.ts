/** The timers of a loop, earliest first. @module */
import type { Runnable } from "./runnable.ts";

/**
 * What runs at a time. It knows its place in the heap, so that it can be
 * removed at once.
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

  abstract readonly runsUserCode: boolean;
  /** Called when the time has come. */
  abstract run(): void;
}

/**
 * Children of a node. With four, the heap is flatter than a binary one, and the
 * children of a node lie side by side in memory.
 */
const ARITY = 4;

/** The first size of the array of times. */
const ROOM = 64;

/**
 * A heap with O(log n) insertion and removal of any timer, and O(1) access to
 * the earliest.
 *
 * The times are in an array of their own, beside that of the timers: comparing
 * them needs no look at the timers, which are scattered over the memory.
 */
export class TimerHeap {
  #timers: Timer[] = [];
  #times = new Float64Array(ROOM);
  #orders = 0;

  get size(): number {
    return this.#timers.length;
  }

  get first(): Timer | undefined {
    return this.#timers[0];
  }

  add(timer: Timer): void {
    timer.order = this.#orders++;
    const index = this.#timers.push(timer) - 1;
    if (index === this.#times.length) {
      const times = new Float64Array(2 * index);
      times.set(this.#times);
      this.#times = times;
    }
    this.#rise(timer, index);
  }

  /** Takes `timer` out; does nothing if it is not in the heap. */
  remove(timer: Timer): void {
    const timers = this.#timers;
    const index = timer.index;
    if (index < 0) return;
    timer.index = -1;
    const last = timers.pop()!;
    if (last === timer) {
      if (index === 0) this.#shrink();
    } else if (index > 0 && this.#goesBefore(last, (index - 1) >> 2)) {
      this.#rise(last, index);
    } else {
      this.#sink(last, index);
    }
  }

  clear(): void {
    for (const timer of this.#timers) timer.index = -1;
    this.#timers = [];
    this.#shrink();
  }

  /** Releases the memory of a heap that was large, once it is empty. */
  #shrink(): void {
    if (this.#times.length > ROOM) this.#times = new Float64Array(ROOM);
  }

  #rise(timer: Timer, index: number): void {
    while (index > 0) {
      const parent = (index - 1) >> 2;
      if (!this.#goesBefore(timer, parent)) break;
      this.#put(this.#timers[parent]!, index);
      index = parent;
    }
    this.#put(timer, index);
  }

  #sink(timer: Timer, index: number): void {
    const timers = this.#timers;
    const times = this.#times;
    const length = timers.length;
    while (true) {
      const firstChild = index * ARITY + 1;
      if (firstChild >= length) break;
      let least = firstChild;
      const end = Math.min(firstChild + ARITY, length);
      for (let child = firstChild + 1; child < end; child++) {
        if (
          times[child]! < times[least]! ||
          (times[child] === times[least] &&
            timers[child]!.order < timers[least]!.order)
        ) least = child;
      }
      if (this.#goesBefore(timer, least)) break;
      this.#put(timers[least]!, index);
      index = least;
    }
    this.#put(timer, index);
  }

  #goesBefore(timer: Timer, index: number): boolean {
    const time = this.#times[index]!;
    return timer.when < time ||
      (timer.when === time && timer.order < this.#timers[index]!.order);
  }

  #put(timer: Timer, index: number): void {
    this.#timers[index] = timer;
    this.#times[index] = timer.when;
    timer.index = index;
  }
}
