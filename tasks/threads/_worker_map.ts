/** @module */
import { cancellable } from "../cancellable.ts";
import { detached } from "../kernel/context/detached.ts";
import { CancelledError } from "../kernel/errors.ts";
import type { WaitOptions } from "../kernel/types.ts";
import {
  checkpointIfCancelled,
  ignoreCancelRejection,
} from "../kernel/wait/checkpoint.ts";
import type { Call } from "./_call.ts";

/** The lists of arguments, and how they are mapped. */
interface Mapping {
  argLists: Iterable<unknown[]>;
  /** How many calls may be under way, or have a result that was not taken. */
  limit: number;
  options: WaitOptions | undefined;
}

/**
 * The results of calls, in the order of the lists. (No async generator: its
 * `return()` would wait for the `next()` under way.)
 */
export class WorkerMap<T> implements AsyncIterableIterator<T> {
  readonly #begin: (args: unknown[]) => Call;
  readonly #lists: Iterator<unknown[]>;
  readonly #limit: number;
  readonly #options: WaitOptions | undefined;
  /**
   * The calls that no `next()` has asked for yet, in the order of the lists.
   */
  readonly #calls: Call[] = [];
  /** The calls that a `next()` waits for. */
  readonly #awaited = new Set<Call>();
  /** The error of calls that are given up. */
  readonly #givenUp = new CancelledError(
    "the results are not wanted any more",
  );
  /** The error of the lists, which is thrown after the results before it. */
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
   * Begins calls in no task: a cancel ends the `next()`, which gives them up.
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
    this.#ended = true; // if this throws, or there are no more lists
    const { done, value } = this.#lists.next();
    if (done) return;
    this.#ended = false;
    try {
      const call = detached(() => this.#begin(value));
      call.promise.catch(() => {}); // `next` throws it in its turn
      this.#calls.push(call);
    } catch (error) {
      this.#leaveLists();
      throw error;
    }
  }

  /** Ends the iteration of the lists, after an error. */
  #leaveLists(): void {
    this.#ended = true;
    try {
      this.#lists.return?.();
    } catch {
      // The first error counts.
    }
  }

  /**
   * Called after all results: throws the error of the lists, if there is one.
   */
  #last(): IteratorResult<T, undefined> {
    const failure = this.#failure;
    this.#failure = undefined;
    if (failure !== undefined) throw failure.error;
    return { done: true, value: undefined };
  }

  /** Ends the map, after an error. */
  #endAfterError(): void {
    try {
      this.#end();
    } catch {
      // The first error counts.
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
