/** @module */
import {
  done,
  type PullCalls,
  PullIterator,
} from "../tasks/kernel/wait/pull_iterator.ts";
import type { Channel } from "./_channel.ts";
import { Getter } from "./_channel_waits.ts";

/** A call of `next` that waits. */
class Next<T> extends Getter<T> {
  readonly #calls: PullCalls;

  constructor(calls: PullCalls) {
    super();
    this.#calls = calls;
    calls.add(this);
  }

  take(item: T): boolean {
    return this.wake({ done: false, value: item });
  }

  end(): void {
    this.wake(done());
  }

  protected override leave(): void {
    super.leave();
    this.#calls.delete(this);
  }
}

/** Takes items until the queue is shut down and empty. */
export class QueueIterator<T> extends PullIterator<T> {
  readonly #channel: Channel<T>;

  constructor(channel: Channel<T>) {
    super();
    this.#channel = channel;
  }

  protected override take(): IteratorResult<T, undefined> | undefined {
    const channel = this.#channel;
    if (channel.items.size > 0) return { done: false, value: channel.take() };
    if (!channel.isShutdown) return undefined;
    if (channel.hasFailed) throw channel.end;
    return done();
  }

  protected override wait(
    calls: PullCalls,
  ): Promise<IteratorResult<T, undefined>> {
    const next = this.#channel.getters.add(new Next<T>(calls));
    return next as Promise<IteratorResult<T, undefined>>;
  }
}
