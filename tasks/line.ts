/** Waiters in order of arrival. @module */
import { type Place, Waiter } from "./waiter.ts";
import type { WaitOptions } from "./types.ts";

/**
 * First come, first served: a doubly linked list that any waiter can leave in
 * O(1).
 */
export class Line<T, W extends Waiter<T> = Waiter<T>> implements Place {
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
   * Stands in line until it is woken with a value. The caller has asked
   * `refused` before.
   */
  wait(this: Line<T>, options?: WaitOptions): Promise<T> {
    return this.join(new Waiter<T>(this, options));
  }

  /** Lets `waiter` stand at the end. */
  join(waiter: W): Promise<T> {
    const last = this.#last;
    if (last === undefined) {
      this.#first = waiter;
    } else {
      last.nextInLine = waiter;
      waiter.previousInLine = last;
    }
    this.#last = waiter;
    this.#size++;
    return waiter.promise;
  }

  /** Wakes the first with `value`; false where nobody waits. */
  wake(value: T): boolean {
    const first = this.#first;
    return first !== undefined && first.wake(value);
  }

  /** Wakes all that stand in it now. */
  wakeAll(value: T): void {
    while (this.#first !== undefined) this.#first.wake(value);
  }

  /** Ends the waits of all that stand in it now with `error`. */
  failAll(error: unknown): void {
    while (this.#first !== undefined) this.#first.fail(error);
  }

  leave(waiter: Waiter<T>): void {
    const previous = waiter.previousInLine as W | undefined;
    const next = waiter.nextInLine as W | undefined;
    if (previous !== undefined) previous.nextInLine = next;
    else this.#first = next;
    if (next !== undefined) next.previousInLine = previous;
    else this.#last = previous;
    waiter.previousInLine = waiter.nextInLine = undefined;
    this.#size--;
  }
}
