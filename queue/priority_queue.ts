/** @module */
import { compare as naturally } from "./_compare.ts";
import { type Compare, Heap } from "./_heap.ts";
import { keepIn, Queue } from "./queue.ts";

export interface PriorityQueueOptions<T> {
  compare?: ((a: T, b: T) => number) | undefined;
}

export class PriorityQueue<T> extends Queue<T> {
  constructor(maxSize = 0, options: PriorityQueueOptions<T> = {}) {
    super(maxSize);
    const compare: Compare<T> = options.compare ?? naturally;
    keepIn(this, new Heap(compare));
  }
}
