/** @module */
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../tasks/kernel/wait/checkpoint.ts";
import type { Channel } from "./_channel.ts";
import { Getter } from "./_channel_waits.ts";

/** A call of `next` that waits. */
class Next<T> extends Getter<T> {
  readonly #waiting: Set<Next<T>>;

  /** @param waiting All calls of `next` of its iterator that wait. */
  constructor(waiting: Set<Next<T>>) {
    super();
    this.#waiting = waiting;
    waiting.add(this);
  }

  take(item: T): boolean {
    return this.wake({ done: false, value: item });
  }

  end(): void {
    this.wake(done());
  }

  protected override leave(): void {
    super.leave();
    this.#waiting.delete(this);
  }
}

/**
 * Takes items until the queue is shut down and empty. Written by hand, as an
 * async generator would let `return` wait for the `next` that is under way.
 */
export class QueueIterator<T> implements AsyncIterator<T, undefined> {
  readonly #channel: Channel<T>;
  readonly #waiting = new Set<Next<T>>();
  #returned = false;

  constructor(channel: Channel<T>) {
    this.#channel = channel;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    const channel = this.#channel;
    if (this.#returned) return ready(done());
    if (channel.items.size === 0) {
      if (!channel.isShutdown) return this.#wait();
      return channel.hasFailed ? readyError(channel.end) : ready(done());
    }
    try {
      return ready({ done: false, value: channel.take() });
    } catch (error) {
      return Promise.reject(error);
    }
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#returned = true;
    for (const next of this.#waiting) next.end();
    return ready(done());
  }

  #wait(): Promise<IteratorResult<T, undefined>> {
    const next = new Next<T>(this.#waiting);
    return this.#channel.getters.add(next) as Promise<
      IteratorResult<T, undefined>
    >;
  }
}

function done(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}
