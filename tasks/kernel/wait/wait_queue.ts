/** Waiters in order of arrival. @module */
import type { WaitOptions } from "../types.ts";
import { type Place, Waiter } from "./waiter.ts";

/**
 * First come, first served: a doubly linked list that any waiter can leave in
 * O(1).
 */
export class WaitQueue<T, W extends Waiter<T> = Waiter<T>> implements Place {
  readonly #what: string | (() => string);
  #first: W | undefined = undefined;
  #last: W | undefined = undefined;
  #size = 0;

  /** @param what What is waited for in it: `"Queue.get"`. */
  constructor(what: string | (() => string)) {
    this.#what = what;
  }

  get what(): string {
    return typeof this.#what === "string" ? this.#what : this.#what();
  }

  get size(): number {
    return this.#size;
  }

  get first(): W | undefined {
    return this.#first;
  }

  /**
   * Waits at the end of the queue until it is woken with a value. The caller has
   * called `checkpointIfCancelled` before.
   */
  wait(this: WaitQueue<T>, options?: WaitOptions): Promise<T> {
    return this.add(new Waiter<T>(this, options));
  }

  /** Adds `waiter` at the end. */
  add(waiter: W): Promise<T> {
    const last = this.#last;
    if (last === undefined) {
      this.#first = waiter;
    } else {
      last.nextInQueue = waiter;
      waiter.previousInQueue = last;
    }
    this.#last = waiter;
    this.#size++;
    return waiter.promise;
  }

  /** Wakes the first with `value`; false if the queue is empty. */
  wake(value: T): boolean {
    const first = this.#first;
    return first !== undefined && first.wake(value);
  }

  /** Wakes all that stand in it now. */
  wakeAll(value: T): void {
    while (this.#first !== undefined) this.#first.wake(value);
  }

  /** The same, each after callbacks that were added before. */
  wakeAllInOrder(value: T): void {
    while (this.#first !== undefined) this.#first.wakeInOrder(value);
  }

  /** Ends the waits of all that stand in it now with `error`. */
  failAll(error: unknown): void {
    while (this.#first !== undefined) this.#first.fail(error);
  }

  leave(waiter: Waiter<T>): void {
    const previous = waiter.previousInQueue as W | undefined;
    const next = waiter.nextInQueue as W | undefined;
    if (previous !== undefined) previous.nextInQueue = next;
    else this.#first = next;
    if (next !== undefined) next.previousInQueue = previous;
    else this.#last = previous;
    waiter.previousInQueue = waiter.nextInQueue = undefined;
    this.#size--;
  }
}
