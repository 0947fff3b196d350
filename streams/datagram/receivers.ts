/** @module */
import type { Datagram } from "./datagram_endpoint.ts";
import {
  QueuedWaiter,
  type WaitQueue,
} from "../../tasks/kernel/wait/wait_queue.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../../tasks/kernel/wait/checkpoint.ts";

/** A wait for a datagram. */
export abstract class Receiver<T> extends QueuedWaiter<T> {
  /** Takes it; the wait has not ended before. */
  abstract take(datagram: Datagram): void;
  /** The endpoint is closed. */
  abstract end(error: Error): void;
}

/** A `receive` that waits. */
export class Receive extends Receiver<Datagram> {
  take(datagram: Datagram): void {
    this.wake(datagram);
  }

  end(error: Error): void {
    this.fail(error);
  }
}

/** A `next` that waits. */
class Next extends Receiver<IteratorResult<Datagram, undefined>> {
  readonly #waiting: Set<Next>;

  /** @param waiting All calls of `next` of its iterator that wait. */
  constructor(waiting: Set<Next>) {
    super();
    this.#waiting = waiting;
    waiting.add(this);
  }

  take(datagram: Datagram): void {
    this.wake({ done: false, value: datagram });
  }

  end(): void {
    this.wake(done());
  }

  protected override leave(): void {
    super.leave();
    this.#waiting.delete(this);
  }
}

/** The waits for datagrams, in order of arrival. */
// deno-lint-ignore no-explicit-any -- each receiver knows what it is woken with
export type Receivers = WaitQueue<any, Receiver<any>>;

/** What an iterator takes datagrams from. */
export interface DatagramSource {
  readonly receivers: Receivers;
  isClosed(): boolean;
  /** The oldest datagram that is there; throws if it was an error. */
  takeKept(): Datagram | undefined;
}

/**
 * Takes datagrams until the endpoint is closed. Written by hand, since an async
 * generator would let `return` wait for the `next` that is under way.
 */
export class DatagramIterator implements AsyncIterator<Datagram, undefined> {
  readonly #source: DatagramSource;
  readonly #waiting = new Set<Next>();
  #returned = false;

  constructor(source: DatagramSource) {
    this.#source = source;
  }

  next(): Promise<IteratorResult<Datagram, undefined>> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    if (this.#returned || this.#source.isClosed()) return ready(done());
    try {
      const value = this.#source.takeKept();
      if (value !== undefined) return ready({ done: false, value });
    } catch (error) {
      return Promise.reject(error);
    }
    return this.#source.receivers.add(new Next(this.#waiting));
  }

  return(): Promise<IteratorResult<Datagram, undefined>> {
    this.#returned = true;
    for (const next of this.#waiting) next.end();
    return ready(done());
  }
}

function done(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}
