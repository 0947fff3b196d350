/** @module */
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

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
    next: () => composite(() => next()),
    return() {
      over = true;
      return Promise.resolve(DONE);
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
