/** Waiters in order of arrival. @module */
import type { CancelledError } from "../errors.ts";
import type { WaitOptions } from "../types.ts";
import { Waiter } from "./waiter.ts";

/** A {@linkcode WaitQueue}, as seen by its waiters. */
interface WaiterHolder {
  readonly what: string;
  // deno-lint-ignore no-explicit-any -- a queue knows what its waiters wait for
  remove(waiter: QueuedWaiter<any>): void;
}

/** A wait that stands in a {@linkcode WaitQueue}. */
export class QueuedWaiter<T> extends Waiter<T> {
  /** The queue that it stands in, or stood in last. */
  queue: WaiterHolder | undefined = undefined;
  // deno-lint-ignore no-explicit-any -- a queue knows what its waiters wait for
  previousInQueue: QueuedWaiter<any> | undefined = undefined;
  // deno-lint-ignore no-explicit-any -- a queue knows what its waiters wait for
  nextInQueue: QueuedWaiter<any> | undefined = undefined;

  get what(): string {
    return this.queue?.what ?? "";
  }

  protected override leave(): void {
    this.queue?.remove(this);
  }
}

/**
 * A wait that no cancel ends: for what has to be finished first. The cancel is
 * delivered at the next wait.
 */
export class ShieldedWaiter<T> extends QueuedWaiter<T> {
  override get hasOwnLimit(): boolean {
    return true;
  }

  override cancel(_error: CancelledError): boolean {
    return false;
  }
}

/**
 * First come, first served: a doubly linked list that any waiter can leave in
 * O(1).
 */
export class WaitQueue<T, W extends QueuedWaiter<T> = QueuedWaiter<T>> {
  /** Whether its waits are for the world outside. */
  readonly #isExternal: boolean;
  readonly #what: string | (() => string);
  #first: W | undefined = undefined;
  #last: W | undefined = undefined;
  #size = 0;

  /** @param what What is waited for in it: `"Queue.get"`. */
  constructor(
    what: string | (() => string),
    options?: { readonly external?: boolean },
  ) {
    this.#what = what;
    this.#isExternal = options?.external ?? false;
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
   * Waits at the end of the queue, and resolves to the value of the wake-up. To
   * be called after `checkpointIfCancelled`.
   */
  wait(this: WaitQueue<T>, options?: WaitOptions): Promise<T> {
    return this.add(new QueuedWaiter<T>(options));
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
    waiter.queue = this;
    if (this.#isExternal) waiter.isExternal = true;
    return waiter.promise;
  }

  /**
   * Wakes the first waiter with `value`. Returns false if the queue is empty.
   */
  wake(value: T): boolean {
    const first = this.#first;
    return first !== undefined && first.wake(value);
  }

  /** Wakes all waiters. */
  wakeAll(value: T): void {
    while (this.#first !== undefined) this.#first.wake(value);
  }

  /** Does the same in the order of causes: see `Waiter.wakeInOrder`. */
  wakeAllInOrder(value: T): void {
    while (this.#first !== undefined) this.#first.wakeInOrder(value);
  }

  /** Ends the waits of all waiters with `error`. */
  failAll(error: unknown): void {
    while (this.#first !== undefined) this.#first.fail(error);
  }

  /** Takes out `waiter`, which is in the queue. */
  remove(waiter: QueuedWaiter<T>): void {
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
