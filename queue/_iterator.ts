/** @module */
import type { Line } from "../tasks/line.ts";
import { passed, type Place, refused } from "../tasks/waiter.ts";
import { Getter, type Source } from "./_getter.ts";

/** A call of `next` that waits. */
class Next<T> extends Getter<T> {
  override take(item: T): boolean {
    return this.wake({ done: false, value: item });
  }

  override end(): void {
    this.wake(done());
  }
}

/**
 * Takes items until the queue is shut down and empty. Written by hand, as an async generator would let `return` wait
 * for the `next` that is under way.
 */
export class QueueIterator<T> implements AsyncIterator<T, undefined>, Place {
  readonly what = "Queue.get";
  readonly #source: Source<T>;
  readonly #line: Line<unknown, Getter<T>>;
  readonly #waiting = new Set<Next<T>>();
  #returned = false;

  constructor(source: Source<T>, line: Line<unknown, Getter<T>>) {
    this.#source = source;
    this.#line = line;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const refusal = refused();
    if (refusal !== undefined) return refusal;
    if (this.#returned) return passed(done());
    const source = this.#source;
    if (source.empty) return source.isShutdown ? passed(done()) : this.#wait();
    try {
      return passed({ done: false, value: source.getNowait() });
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
    this.#line.leave(next);
  }

  #wait(): Promise<IteratorResult<T, undefined>> {
    const next = new Next<T>(this);
    this.#waiting.add(next);
    return this.#line.join(next) as Promise<IteratorResult<T, undefined>>;
  }
}

function done(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}
