/** Iterations over what is in a queue. @module */
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { done } from "../../tasks/kernel/wait/pull_iterator.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";

/**
 * Resolves to the next entry, or to `undefined` at the end. A step that was
 * given up has passed over no entry.
 */
export type Step<E> = () => Promise<E | undefined>;

/**
 * An iteration over what `show` resolves to for each entry.
 *
 * - It is written by hand, so that each step waits in the task that calls `next`.
 * - Calls of `next` at the same time take turns.
 * - If a call is given up, the next one shows the same entry.
 *
 * @param check Called at the beginning of each step; its rejection ends the step.
 */
export function listing<E, V>(
  check: () => Promise<never> | undefined,
  step: Step<E>,
  show: (entry: E) => Promise<V>,
): AsyncIterableIterator<V, undefined> {
  const turns = new WaitQueue<void>("Jobs.list");
  let isTaken = false;
  let isOver = false;
  let entry: E | undefined;
  const next = async (): Promise<IteratorResult<V, undefined>> => {
    if (isTaken) await (checkpointIfCancelled() ?? turns.wait());
    isTaken = true;
    try {
      const rejection = check();
      if (rejection !== undefined) return await rejection;
      if (!isOver) entry ??= await step();
      if (isOver || entry === undefined) {
        isOver = true;
        return done();
      }
      const value = await show(entry);
      entry = undefined;
      return { done: false, value };
    } finally {
      isTaken = turns.wake();
    }
  };
  return {
    next: () => composite(() => next()),
    return() {
      isOver = true;
      return Promise.resolve(done());
    },
    [Symbol.asyncIterator]() {
      return this;
    },
  };
}
