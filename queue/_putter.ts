/** @module */
import { type Place, Waiter } from "../tasks/waiter.ts";
import type { WaitOptions } from "../tasks/types.ts";

/** Who stands in the line of a queue's putters, with its item. */
export class Putter<T> extends Waiter<void> {
  readonly item: T;

  constructor(place: Place, item: T, options?: WaitOptions) {
    super(place, options);
    this.item = item;
  }
}
