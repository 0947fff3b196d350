/** @module */
import { passed, type Place, refused } from "../tasks/waiter.ts";
import type { Exchange } from "./_exchange.ts";
import { Getter } from "./_getter.ts";

/** A call of `next` that waits. */
class Next<T> extends Getter<T> {
  take(item: T): boolean {
    return this.wake({ done: false, value: item });
  }

  end(): void {
    this.wake(done());
  }
}

/**
 * Takes items until the queue is shut down and empty. Written by hand, as an
 * async generator would let `return` wait for the `next` that is under way.
 */
export class QueueIterator<T> implements AsyncIterator<T, undefined>, Place {
  readonly what = "Queue.get";
  readonly #exchange: Exchange<T>;
  readonly #waiting = new Set<Next<T>>();
  #returned = false;

  constructor(exchange: Exchange<T>) {
    this.#exchange = exchange;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const refusal = refused();
    if (refusal !== undefined) return refusal;
    const exchange = this.#exchange;
    if (this.#returned) return passed(done());
    if (exchange.items.size === 0) {
      return exchange.isShutdown ? passed(done()) : this.#wait();
    }
    try {
      return passed({ done: false, value: exchange.take() });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#returned = true;
    for (const next of this.#waiting) next.end();
    return passed(done());
  }

  leave(next: Next<T>): void {
    this.#waiting.delete(next);
    this.#exchange.getters.leave(next);
  }

  #wait(): Promise<IteratorResult<T, undefined>> {
    const next = new Next<T>(this);
    this.#waiting.add(next);
    return this.#exchange.getters.join(next) as Promise<
      IteratorResult<T, undefined>
    >;
  }
}

function done(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}
