/** @module */
import { type Coroutine, isThenable } from "../tasks/kernel/types.ts";

/**
 * Does `work`, and calls `settled` with its end in the same step. If the task
 * that it runs in was cancelled meanwhile, what the work returns all the same
 * is not lost with that.
 */
export function settle<T>(
  work: Coroutine<T>,
  settled: (end: PromiseSettledResult<T>) => void,
): PromiseLike<void> | void {
  const fulfilled = (value: T) => settled({ status: "fulfilled", value });
  const rejected = (reason: unknown) => settled({ status: "rejected", reason });
  try {
    const result = work();
    if (isThenable(result)) return result.then(fulfilled, rejected);
    fulfilled(result);
  } catch (error) {
    rejected(error);
  }
}
