/** @module */
import type { Datagram } from "./datagram_socket.ts";
import {
  QueuedWaiter,
  type WaitQueue,
} from "../../tasks/kernel/wait/wait_queue.ts";
import {
  done,
  type PullCalls,
  PullIterator,
} from "../../tasks/kernel/wait/pull_iterator.ts";

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
  readonly #calls: PullCalls;

  constructor(calls: PullCalls) {
    super();
    this.#calls = calls;
    calls.add(this);
  }

  take(datagram: Datagram): void {
    this.wake({ done: false, value: datagram });
  }

  end(): void {
    this.wake(done());
  }

  protected override leave(): void {
    super.leave();
    this.#calls.delete(this);
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

/** Takes datagrams until the endpoint is closed. */
export class DatagramIterator extends PullIterator<Datagram> {
  readonly #source: DatagramSource;

  constructor(source: DatagramSource) {
    super();
    this.#source = source;
  }

  protected override take(): IteratorResult<Datagram, undefined> | undefined {
    if (this.#source.isClosed()) return done();
    const value = this.#source.takeKept();
    return value === undefined ? undefined : { done: false, value };
  }

  protected override wait(
    calls: PullCalls,
  ): Promise<IteratorResult<Datagram, undefined>> {
    return this.#source.receivers.add(new Next(calls));
  }
}
