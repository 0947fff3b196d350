/** @module */
import { type Coroutine, isThenable } from "../tasks/kernel/types.ts";

/**
 * Runs `work`, and calls `settled` with its outcome. No cancel comes in
 * between, so a value is not lost if the task that runs this is cancelled.
 */
export function settle<T>(
  work: Coroutine<T>,
  settled: (end: PromiseSettledResult<T>) => void,
): PromiseLike<void> | void {
  let isSettled = false; // a thenable may call back twice, or call and throw
  const end = (outcome: PromiseSettledResult<T>) => {
    if (isSettled) return;
    isSettled = true;
    settled(outcome);
  };
  const fulfilled = (value: T) => end({ status: "fulfilled", value });
  const rejected = (reason: unknown) => end({ status: "rejected", reason });
  try {
    const result = work();
    if (isThenable(result)) return result.then(fulfilled, rejected);
    fulfilled(result);
  } catch (error) {
    rejected(error);
  }
}
