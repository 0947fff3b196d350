/** @module */
import { cancellable } from "../cancellable.ts";
import { detached } from "../kernel/context/detached.ts";
import { CancelledError } from "../kernel/errors.ts";
import type { WaitOptions } from "../kernel/types.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
} from "../kernel/wait/checkpoint.ts";
import type { Call } from "./_worker_thread.ts";

/** What is mapped, and how. */
interface Mapping {
  argLists: Iterable<unknown[]>;
  /** How many calls may be under way, or wait to be taken. */
  limit: number;
  options: WaitOptions | undefined;
}

/**
 * Results in the order of the lists; by hand, as `return()` of an async
 * generator would wait for the `next()` under way.
 */
export class WorkerMap<T> implements AsyncIterableIterator<T> {
  readonly #begin: (args: unknown[]) => Call;
  readonly #lists: Iterator<unknown[]>;
  readonly #limit: number;
  readonly #options: WaitOptions | undefined;
  /** Those that no `next()` has asked for yet, in the order of the lists. */
  readonly #calls: Call[] = [];
  /** Those that a `next()` waits for. */
  readonly #awaited = new Set<Call>();
  /** What the calls end with that are given up. */
  readonly #givenUp = new CancelledError(
    "the results are not wanted any more",
  );
  /** Why there are no more lists; told when its turn comes. */
  #failure: { readonly error: unknown } | undefined = undefined;
  #ended = false;

  constructor(begin: (args: unknown[]) => Call, mapping: Mapping) {
    this.#begin = begin;
    this.#lists = mapping.argLists[Symbol.iterator]();
    this.#limit = mapping.limit;
    this.#options = mapping.options;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<T, undefined>> {
    return ignoreCancelRejection(this.#next());
  }

  // deno-lint-ignore require-await -- what it throws is a rejection
  async return(): Promise<IteratorResult<T, undefined>> {
    this.#end();
    return { done: true, value: undefined };
  }

  async #next(): Promise<IteratorResult<T, undefined>> {
    try {
      await checkpointIfCancelled(this.#options);
    } catch (error) {
      this.#endAfterError();
      throw error;
    }
    this.#fill();
    const call = this.#calls.shift();
    if (call === undefined) return this.#last();
    this.#awaited.add(call);
    try {
      const value = await cancellable(call.promise) as T;
      this.#awaited.delete(call);
      return { done: false, value };
    } catch (error) {
      if (error === this.#givenUp) return { done: true, value: undefined };
      this.#endAfterError();
      throw error;
    }
  }

  /**
   * The calls are in no task: a cancel ends the `next()`, and that sees to
   * them.
   */
  #fill(): void {
    while (!this.#ended && this.#calls.length < this.#limit) {
      try {
        this.#beginNext();
      } catch (error) {
        this.#failure = { error };
      }
    }
  }

  #beginNext(): void {
    this.#ended = true; // if this throws, or was the last
    const { done, value } = this.#lists.next();
    if (done) return;
    this.#ended = false;
    try {
      const call = detached(() => this.#begin(value));
      call.promise.catch(() => {}); // it is thrown when its turn comes
      this.#calls.push(call);
    } catch (error) {
      this.#leaveLists();
      throw error;
    }
  }

  /** After an error. */
  #leaveLists(): void {
    this.#ended = true;
    try {
      this.#lists.return?.();
    } catch {
      // The first error counts, as in a loop.
    }
  }

  /** After all results. */
  #last(): IteratorResult<T, undefined> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  /** The first error counts, as in a loop. */
  #endAfterError(): void {
    try {
      this.#end();
    } catch {
      // It comes second.
    }
  }

  #end(): void {
    const hasMore = !this.#ended;
    this.#ended = true;
    this.#failure = undefined;
    for (const call of [...this.#awaited, ...this.#calls.splice(0)]) {
      if (call.pending) call.abort(this.#givenUp);
    }
    this.#awaited.clear();
    if (hasMore) this.#lists.return?.();
  }
}
