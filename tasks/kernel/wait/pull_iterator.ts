/** @module */
import { checkpointIfCancelled, ready, readyError } from "./checkpoint.ts";

/** A call of `next` that waits. */
interface PullCall {
  wake(result: IteratorReturnResult<undefined>): boolean;
}

/** The calls of `next` of one iterator that wait: `return` ends them. */
export type PullCalls = Set<PullCall>;

/** Returns the result of an iterator that has ended. */
export function done(): IteratorReturnResult<undefined> {
  return { done: true, value: undefined };
}

/**
 * An async iterator whose `return` ends the calls of `next` that wait. (In an
 * async generator, `return` waits for them.)
 */
export abstract class PullIterator<T> implements AsyncIterator<T, undefined> {
  readonly #calls: PullCalls = new Set();
  #returned = false;

  /**
   * Returns the next result; `undefined` if it has to be waited for. May throw.
   */
  protected abstract take(): IteratorResult<T, undefined> | undefined;

  /**
   * Waits for the next result. The wait is in `calls` from its beginning to its
   * end.
   */
  protected abstract wait(
    calls: PullCalls,
  ): Promise<IteratorResult<T, undefined>>;

  next(): Promise<IteratorResult<T, undefined>> {
    const rejection = checkpointIfCancelled();
    if (rejection !== undefined) return rejection;
    if (this.#returned) return ready(done());
    try {
      const result = this.take();
      return result === undefined ? this.wait(this.#calls) : ready(result);
    } catch (error) {
      return readyError(error);
    }
  }

  return(): Promise<IteratorReturnResult<undefined>> {
    this.#returned = true;
    for (const call of this.#calls) call.wake(done());
    return ready(done());
  }
}
