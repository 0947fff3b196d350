/** @module */
import { Stack } from "./_stack.ts";
import { keepIn, Queue } from "./queue.ts";

export class LifoQueue<T> extends Queue<T> {
  constructor(maxSize = 0) {
    super(maxSize);
    keepIn(this, new Stack());
  }
}
