/** The waits at a channel. @module */
import type { WaitOptions } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { QueuedWaiter, WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";

/** A wait for an item. */
export abstract class Getter<T> extends QueuedWaiter<unknown> {
  /** Whether it has no use for an item any more, though it is still in line. */
  get isGone(): boolean {
    return false;
  }

  /**
   * Takes `item`, and leaves the queue of waits. Returns `false` if it has no use
   * for the item any more.
   */
  abstract take(item: T): boolean;

  /** Ends the wait, as there will be no more items. */
  abstract end(): void;
}

/** A `get` that waits. */
export class Get<T> extends Getter<T> {
  readonly #source: { readonly end: Error };

  /** @param source Has the error for the case that there will be no item. */
  constructor(source: { end: Error }, options?: WaitOptions) {
    super(options);
    this.#source = source;
  }

  take(item: T): boolean {
    return this.wake(item);
  }

  end(): void {
    this.fail(this.#source.end);
  }
}

/** A wait for room, with the item to put. */
export class Putter<T> extends QueuedWaiter<void> {
  readonly item: T;

  constructor(item: T, options?: WaitOptions) {
    super(options);
    this.item = item;
  }
}

/**
 * How many items were put and not reported as done, and the calls that wait
 * until there are none.
 */
export class JoinCounter {
  readonly #joiners = new WaitQueue<void>("Queue.join");
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get waiting(): number {
    return this.#joiners.size;
  }

  add(): void {
    this.#count++;
  }

  /**
   * Subtracts `count`, but not below 0: an item may have been reported as done
   * while it was still in the queue.
   */
  finish(count: number): void {
    this.#count = Math.max(this.#count - count, 0);
    if (this.#count === 0) this.#joiners.wakeAll();
  }

  join(options?: WaitOptions): Promise<void> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    return this.#count === 0 ? ready(undefined) : this.#joiners.wait(options);
  }
}
