/** @module */
import { Line } from "../tasks/line.ts";
import { noteLeftover } from "../tasks/oversights.ts";
import { describe } from "../tasks/types.ts";
import type { Getter } from "./_getter.ts";
import type { Items } from "./_items.ts";
import type { Putter } from "./_putter.ts";
import { Unfinished } from "./_unfinished.ts";
import { putRefused } from "./_refusals.ts";

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
export class Exchange<T> {
  readonly getters: Line<unknown, Getter<T>> = new Line("Queue.get");
  readonly putters: Line<void, Putter<T>> = new Line("Queue.put");
  readonly unfinished: Unfinished = new Unfinished();
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
      putter.fail(putRefused(putter.item));
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
