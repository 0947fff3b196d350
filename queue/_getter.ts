/** @module */
import { Waiter } from "../tasks/waiter.ts";

/** The side of a queue that items are taken from. */
export interface Source<T> {
  readonly empty: boolean;
  readonly isShutdown: boolean;
  getNowait(): T;
}

/** Who stands in the line of a queue's getters: it takes an item, or learns that there will be none. */
export class Getter<T> extends Waiter<unknown> {
  /** Takes `item`; false where it has no use for it and left the line. */
  take(item: T): boolean {
    return this.wake(item);
  }

  /** The queue is shut down. */
  end(error: Error): void {
    this.fail(error);
  }
}
