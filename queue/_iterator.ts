/** @module */
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../tasks/kernel/wait/checkpoint.ts";
import type { Place } from "../tasks/kernel/wait/waiter.ts";
import type { Channel } from "./_channel.ts";
import { Getter } from "./_channel_waits.ts";

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
  readonly #channel: Channel<T>;
  readonly #waiting = new Set<Next<T>>();
  #returned = false;

  constructor(channel: Channel<T>) {
    this.#channel = channel;
  }

  get what(): string {
    return this.#channel.getters.what;
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

  leave(next: Next<T>): void {
    this.#waiting.delete(next);
    this.#channel.getters.leave(next);
  }

  #wait(): Promise<IteratorResult<T, undefined>> {
    const next = new Next<T>(this);
    this.#waiting.add(next);
    return this.#channel.getters.add(next) as Promise<
      IteratorResult<T, undefined>
    >;
  }
}

function done(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}
