/** The mechanism of every queue. @module */
import type { Dispenser } from "../tasks/kernel/cancel/contest.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import { noteLeftover } from "../tasks/kernel/context/leak_checks.ts";
import {
  describe,
  isThenable,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";
import { Get, type Getter, JoinCounter, Putter } from "./_channel_waits.ts";
import {
  QueueEmptyError,
  shutDownGetError,
  shutDownPutError,
} from "./errors.ts";
import type { Items } from "./store/items.ts";

const MAX_SIZE = "Cannot make a queue: maxSize is a number of items";

/** What a full queue does with an item that is put. */
export type Overflow = "wait" | "dropOldest" | "dropNewest";

/**
 * The mechanism of every queue, whatever its order: items, getters and putters.
 *
 * After every step, no getter waits while there are items, and no putter waits
 * while there is room. The step that ends this state ends the wait, too, so no
 * other task can come between the two.
 */
export class Channel<T> implements Dispenser {
  readonly #name: string;
  readonly getters: WaitQueue<unknown, Getter<T>>;
  readonly putters: WaitQueue<void, Putter<T>> = new WaitQueue("Queue.put");
  readonly unfinished: JoinCounter = new JoinCounter();
  readonly maxSize: number;
  items: Items<T>;
  isShutdown = false;
  /** What happens to an item that is put while there is no room. */
  overflow: Overflow = "wait";
  /** The user's function that is called with each item that is dropped. */
  onDrop: ((item: T) => void) | undefined = undefined;

  /** @param name The public class, for errors and call graphs. */
  constructor(maxSize: number, items: Items<T>, name = "Queue") {
    if (typeof maxSize !== "number") {
      throw new TypeError(`${MAX_SIZE}, received ${describe(maxSize)}`);
    }
    if (Number.isNaN(maxSize)) {
      throw new RangeError(`${MAX_SIZE}, received NaN`);
    }
    this.maxSize = maxSize;
    this.items = items;
    this.#name = name;
    this.getters = new WaitQueue(`${name}.get`);
  }

  get full(): boolean {
    return this.maxSize > 0 && this.items.size >= this.maxSize;
  }

  /** The error of a `get` if there will be no more items. */
  get end(): Error {
    return shutDownGetError();
  }

  /** Whether {@linkcode end} is a failure, with which iterations fail as well. */
  get hasFailed(): boolean {
    return false;
  }

  /** Puts `item` in; the caller has called `checkpointIfCancelled` before. */
  put(item: T, options?: WaitOptions): Promise<void> {
    if (this.isShutdown) return readyError(shutDownPutError(item));
    if (this.full && this.overflow === "wait") {
      const { putters } = this;
      return putters.add(new Putter(item, options));
    }
    try {
      this.putNow(item);
    } catch (error) {
      return Promise.reject(error);
    }
    return ready(undefined);
  }

  /** Puts `item` in, if there is room or the queue drops items. */
  putNow(item: T): void {
    if (!this.full) return this.accept(item);
    if (this.overflow === "dropNewest") return this.#drop([item]);
    const dropped = this.items.take();
    this.accept(item);
    this.unfinished.finish(1);
    this.#drop([dropped]);
  }

  get(options?: WaitOptions): Promise<T> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.items.size === 0) {
      if (this.isShutdown) return readyError(this.end);
      const { getters } = this;
      return getters.add(new Get<T>(this, options)) as Promise<T>;
    }
    try {
      return ready(this.take());
    } catch (error) {
      return Promise.reject(error);
    }
  }

  getNowait(): T {
    if (this.items.size > 0) return this.take();
    if (this.isShutdown) throw this.end;
    throw new QueueEmptyError("Cannot get: the queue is empty");
  }

  /**
   * Takes out the items that `predicate` picks. That is the user's code, so
   * nothing changes before it was called with all items.
   */
  remove(predicate: (item: T) => boolean): T[] {
    const { items } = this;
    const all = items.values();
    const marked = all.map((item) => picks(predicate, item));
    const now = items.values();
    if (
      now.length !== all.length ||
      !now.every((item, i) => Object.is(item, all[i]))
    ) {
      throw new Error("Cannot remove: the predicate has changed the queue");
    }
    const removed = items.remove(marked);
    this.roomMade();
    this.unfinished.finish(removed.length);
    return removed;
  }

  /**
   * Hands `item` to the first getter, or keeps it. To be called if there is room.
   * If it throws, nothing has changed.
   */
  accept(item: T): void {
    const awaited = this.#getter !== undefined;
    if (!awaited) this.items.add(item);
    this.unfinished.add();
    if (awaited && !this.#handOver(item)) this.items.add(item);
  }

  /** The first getter, unless it is not to get an item now. */
  get #getter(): Getter<T> | undefined {
    let first: Getter<T> | undefined;
    while ((first = this.getters.first) !== undefined && first.isGone) {
      first.wake(undefined);
    }
    return first === undefined || first.givesWay(this) ? undefined : first;
  }

  /** The last step of `accept`: if a getter is a stream, it may run other code. */
  #handOver(item: T): boolean {
    let getter: Getter<T> | undefined;
    while ((getter = this.#getter) !== undefined) {
      if (getter.take(item)) return true;
    }
    return false;
  }

  /** What was held back from a branch of a race may be given to it now. */
  dispense(): void {
    this.roomMade();
    let getter: Getter<T> | undefined;
    while (this.items.size > 0 && (getter = this.#getter) !== undefined) {
      try {
        const item = this.items.take();
        if (!this.#handOver(item)) this.items.add(item);
        this.roomMade(); // only now: what comes in goes to the next getter
      } catch (error) {
        getter.fail(error);
      }
    }
    if (this.isShutdown) this.#endGetters();
  }

  /**
   * Takes the next item out. To be called if there is one. If it throws, nothing
   * has changed.
   */
  take(): T {
    const item = this.items.take();
    this.roomMade();
    return item;
  }

  /** Called when there may be room: lets in what waits for it. */
  protected roomMade(): void {
    if (this.putters.size > 0) this.#letIn();
  }

  /** Takes the items of waiting putters, in order, as long as there is room. */
  #letIn(): void {
    let putter: Putter<T> | undefined;
    while (!this.full && (putter = this.putters.first) !== undefined) {
      if (putter.givesWay(this)) return;
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
    let dropped: T[] = [];
    if (immediate) {
      const { size } = this.items;
      if (this.onDrop !== undefined) dropped = this.items.values();
      this.items.clear();
      this.unfinished.finish(size);
    } else if (this.items.size > 0) {
      noteLeftover(() => this.#left);
    }
    let putter: Putter<T> | undefined;
    while ((putter = this.putters.first) !== undefined) {
      putter.fail(shutDownPutError(putter.item));
    }
    this.#endGetters();
    this.#drop(dropped);
  }

  /** There will be no item for them, unless one is held back from the first. */
  #endGetters(): void {
    if (this.items.size > 0) return;
    let getter: Getter<T> | undefined;
    while ((getter = this.getters.first) !== undefined) getter.end();
  }

  /** Calls `onDrop` with dropped items: as the last step, as it is the user's. */
  #drop(items: T[]): void {
    const { onDrop } = this;
    if (onDrop === undefined) return;
    const { loop } = currentScope();
    const report = (error: unknown) =>
      loop.report({ message: "Exception in the onDrop of a queue", error });
    for (const item of items) {
      try {
        const done: unknown = onDrop(item);
        if (isThenable(done)) done.then(undefined, report);
      } catch (error) {
        report(error);
      }
    }
  }

  /** For debug mode: how many items were not taken after a shutdown. */
  get #left(): string | undefined {
    const { size } = this.items;
    if (size === 0) return undefined;
    const left = size === 1 ? "1 item in it was" : `${size} items in it were`;
    return `A ${this.#name.toLowerCase()} was shut down, and ${left} never taken`;
  }
}

/** Whether `predicate` picks `item`. */
function picks<T>(predicate: (item: T) => boolean, item: T): boolean {
  const picked = predicate(item);
  if (isThenable(picked)) {
    throw new TypeError(
      "Cannot remove: the predicate returns its answer at once, received a promise, which is always true",
    );
  }
  return Boolean(picked);
}
