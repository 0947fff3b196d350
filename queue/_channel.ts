/** The inside of a queue, whatever its order. @module */
import { noteLeftover } from "../tasks/kernel/context/leak_checks.ts";
import { describe, type WaitOptions } from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { type Place, Waiter } from "../tasks/kernel/wait/waiter.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { shutDownGetError, shutDownPutError } from "./errors.ts";
import type { Items } from "./store/items.ts";

const MAX_SIZE = "the size of a queue is a number of items";

/**
 * Where those who put meet those who get: the inside of a queue, whatever its
 * order.
 *
 * After every step one of the lines is empty: nobody waits to get while there
 * are items, and nobody waits to put while there is room. Whatever makes a wait
 * unnecessary ends it at once, so there is no wake-up that somebody else could
 * be faster than.
 */
export class Channel<T> {
  readonly getters: WaitQueue<unknown, Getter<T>> = new WaitQueue("Queue.get");
  readonly putters: WaitQueue<void, Putter<T>> = new WaitQueue("Queue.put");
  readonly unfinished: JoinCounter = new JoinCounter();
  readonly maxSize: number;
  items: Items<T>;
  isShutdown = false;

  constructor(maxSize: number, items: Items<T>) {
    if (typeof maxSize !== "number") {
      throw new TypeError(`${MAX_SIZE}, found ${describe(maxSize)}`);
    }
    if (Number.isNaN(maxSize)) throw new RangeError(`${MAX_SIZE}, found NaN`);
    this.maxSize = maxSize;
    this.items = items;
  }

  get full(): boolean {
    return this.maxSize > 0 && this.items.size >= this.maxSize;
  }

  /**
   * Gives `item` to the first that waits, or else keeps it; there is room.
   * Where it throws, nothing has changed.
   */
  accept(item: T): void {
    const awaited = this.getters.size > 0;
    if (!awaited) this.items.add(item);
    this.unfinished.add();
    if (awaited) this.#handOver(item);
  }

  /** The last step, as a getter that is a stream may run foreign code. */
  #handOver(item: T): void {
    let getter: Getter<T> | undefined;
    while ((getter = this.getters.first) !== undefined) {
      if (getter.take(item)) return;
    }
    this.items.add(item);
  }

  /**
   * Takes the next item out; there is one. Where it throws, nothing has
   * changed.
   */
  take(): T {
    const item = this.items.take();
    if (this.putters.size > 0) this.#letIn();
    return item;
  }

  /**
   * Lets the items of those in who wait to put one, in order, as far as there
   * is room.
   */
  #letIn(): void {
    let putter: Putter<T> | undefined;
    while (!this.full && (putter = this.putters.first) !== undefined) {
      try {
        this.items.add(putter.item);
      } catch (error) {
        putter.fail(error);
        continue;
      }
      this.unfinished.add();
      putter.wake();
    }
  }

  shutdown(immediate: boolean): void {
    this.isShutdown = true;
    if (immediate) {
      const dropped = this.items.size;
      this.items.clear();
      this.unfinished.finish(dropped);
    } else if (this.items.size > 0) {
      noteLeftover(() => this.#left);
    }
    let putter: Putter<T> | undefined;
    while ((putter = this.putters.first) !== undefined) {
      putter.fail(shutDownPutError(putter.item));
    }
    let getter: Getter<T> | undefined;
    while ((getter = this.getters.first) !== undefined) getter.end();
  }

  /** For debug mode: what nobody has taken, after a shutdown. */
  get #left(): string | undefined {
    const { size } = this.items;
    if (size === 0) return undefined;
    const left = size === 1 ? "1 item in it was" : `${size} items in it were`;
    return `A queue was shut down, and ${left} never taken`;
  }
}

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
    this.fail(shutDownGetError());
  }
}

/** Who stands in the line of a queue's putters, with its item. */
export class Putter<T> extends Waiter<void> {
  readonly item: T;

  constructor(place: Place, item: T, options?: WaitOptions) {
    super(place, options);
    this.item = item;
  }
}

/**
 * How many items were put and not reported as done, and who waits until there
 * are none.
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
   * Takes `count` off, or what is left: an item may have been reported as done
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
