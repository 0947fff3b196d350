/** @module */
import { Waiter } from "../tasks/waiter.ts";
import { nothingLeft } from "./_refusals.ts";

/**
 * Who stands in the line of a queue's getters: it is given an item, or told
 * that there will be none.
 */
export abstract class Getter<T> extends Waiter<unknown> {
  /**
   * Takes `item`; false where there is no use for it any more. Either way it
   * has left the line.
   */
  abstract take(item: T): boolean;

  /** The queue is shut down. */
  abstract end(): void;
}

/** A `get` that waits. */
export class Get<T> extends Getter<T> {
  take(item: T): boolean {
    return this.wake(item);
  }

  end(): void {
    this.fail(nothingLeft());
  }
}
