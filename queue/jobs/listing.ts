/** @module */
import { ignoreCancelRejection } from "../../tasks/kernel/wait/checkpoint.ts";

const DONE: IteratorReturnResult<undefined> = { done: true, value: undefined };

/**
 * An iteration over what `step` gives, until that is `undefined`. Written by
 * hand, so that every step waits in the task that asks for it.
 */
export function listing<V>(
  step: () => Promise<V | undefined>,
): AsyncIterableIterator<V, undefined> {
  let over = false;
  const next = async (): Promise<IteratorResult<V, undefined>> => {
    const value = over ? undefined : await step();
    if (value !== undefined) return { done: false, value };
    over = true;
    return DONE;
  };
  return {
    next: () => ignoreCancelRejection(next()),
    return() {
      over = true;
      return Promise.resolve(DONE);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
