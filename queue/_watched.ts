/** The mechanism of a watch. @module */
import { isThenable, type WaitOptions } from "../tasks/kernel/types.ts";
import { ready } from "../tasks/kernel/wait/checkpoint.ts";
import {
  type PullCalls,
  PullIterator,
} from "../tasks/kernel/wait/pull_iterator.ts";
import { QueuedWaiter, WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";

/** A wait for a change, or for a value. */
abstract class Watcher<T> extends QueuedWaiter<unknown> {
  /** The version when the wait began. */
  readonly from: number;

  constructor(from: number, options?: WaitOptions) {
    super(options);
    this.from = from;
  }

  /** Called with each value that is set; may end the wait. */
  abstract see(value: T, version: number): void;
}

class Changed<T> extends Watcher<T> {
  see(value: T): void {
    this.wake(value);
  }
}

class Until<T> extends Watcher<T> {
  readonly #predicate: (value: T) => unknown;

  constructor(
    watched: Watched<T>,
    predicate: (value: T) => unknown,
    options: WaitOptions | undefined,
  ) {
    super(watched.version, options);
    this.#predicate = predicate;
  }

  override get what(): string {
    return "Watch.waitFor";
  }

  see(value: T): void {
    try {
      if (accepts(this.#predicate, value)) this.wake(value);
    } catch (error) {
      this.fail(error);
    }
  }
}

/** A value that changes, and the waits for that. */
export class Watched<T> {
  readonly watchers: WaitQueue<unknown, Watcher<T>> = new WaitQueue(
    "Watch.changed",
  );
  value: T;
  /** How many times it has changed. */
  version = 0;
  /** The values that the watchers have not seen yet. */
  readonly #changes: T[] = [];

  constructor(value: T) {
    this.value = value;
  }

  /**
   * Sets the value. Predicates are the user's code: if one of them sets a value,
   * watchers see that after this one, so all see the values in the same order.
   */
  set(value: T): void {
    if (Object.is(value, this.value)) return;
    this.value = value;
    this.version++;
    if (this.watchers.size === 0 && this.#changes.length === 0) return;
    if (this.#changes.push(value) > 1) return; // called by a predicate
    let version = this.version;
    while (this.#changes.length > 0) {
      this.#show(this.#changes[0]!, version++);
      this.#changes.shift();
    }
  }

  #show(value: T, version: number): void {
    const watchers: Watcher<T>[] = [];
    let next = this.watchers.first;
    while (next !== undefined) {
      watchers.push(next);
      next = next.nextInQueue as Watcher<T> | undefined;
    }
    for (const watcher of watchers) {
      if (watcher.pending && watcher.from < version) {
        watcher.see(value, version);
      }
    }
  }

  changed(options: WaitOptions | undefined): Promise<T> {
    const { watchers, version } = this;
    const watcher = new Changed<T>(version, options);
    return watchers.add(watcher) as Promise<T>;
  }

  until(
    predicate: (value: T) => unknown,
    options: WaitOptions | undefined,
  ): Promise<T> {
    while (true) {
      const { value, version, watchers } = this;
      if (accepts(predicate, value)) return ready(value);
      if (version !== this.version) continue; // the predicate has set another
      const watcher = new Until(this, predicate, options);
      return watchers.add(watcher) as Promise<T>;
    }
  }
}

function accepts<T>(predicate: (value: T) => unknown, value: T): boolean {
  const accepted = predicate(value);
  if (isThenable(accepted)) {
    throw new TypeError(
      "Cannot wait: the predicate of waitFor returns its answer at once, received a promise, which is always true",
    );
  }
  return Boolean(accepted);
}

/** A call of `next` that waits. */
class Next<T> extends Watcher<T> {
  readonly #values: LatestValues<T>;
  readonly #calls: PullCalls;

  constructor(values: LatestValues<T>, from: number, calls: PullCalls) {
    super(from);
    this.#values = values;
    this.#calls = calls;
    calls.add(this);
  }

  see(value: T, version: number): void {
    if (this.#values.seen >= version) return; // an earlier call has it
    this.#values.seen = version;
    this.wake({ done: false, value });
  }

  protected override leave(): void {
    super.leave();
    this.#calls.delete(this);
  }
}

/** The current value, and then the latest each time it has changed. */
export class LatestValues<T> extends PullIterator<T> {
  /** The version that was delivered last. */
  seen = -1;
  readonly #watched: Watched<T>;

  constructor(watched: Watched<T>) {
    super();
    this.#watched = watched;
  }

  protected override take(): IteratorResult<T, undefined> | undefined {
    const { value, version } = this.#watched;
    if (this.seen >= version) return undefined;
    this.seen = version;
    return { done: false, value };
  }

  protected override wait(
    calls: PullCalls,
  ): Promise<IteratorResult<T, undefined>> {
    const { version, watchers } = this.#watched;
    const next = watchers.add(new Next<T>(this, version, calls));
    return next as Promise<IteratorResult<T, undefined>>;
  }
}
