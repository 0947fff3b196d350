/** @module */
import { abortable } from "./_abortable.ts";
import { currentScope } from "./kernel/context/current_scope.ts";
import { isCancelled } from "./kernel/errors.ts";
import {
  checkFunction,
  checkLimit,
  checkMilliseconds,
  describe,
  type WaitOptions,
} from "./kernel/types.ts";
import { checkpointIfCancelled } from "./kernel/wait/checkpoint.ts";
import { sleep } from "./sleep.ts";

/** How often to {@linkcode retry}, after which pauses, and for which errors. */
export interface RetryOptions extends WaitOptions {
  /** How often the work is tried at most; 5 unless given. */
  maxAttempts?: number | undefined;
  /** The first pause in milliseconds; 1000 unless given. */
  minTimeout?: number | undefined;
  /** The longest pause in milliseconds; 60000 unless given. */
  maxTimeout?: number | undefined;
  /** How many times as long the next pause is; 2 unless given. */
  multiplier?: number | undefined;
  /**
   * How much of a pause is left to chance, from 0 (all pauses are exact) to 1
   * (any part of the pause, the default): clients that fail together then do
   * not come back together.
   */
  jitter?: number | undefined;
  /**
   * For how many milliseconds new attempts begin; unlimited unless given. An
   * attempt under way is not cut off: {@linkcode timeout} does that, inside for
   * one attempt, or around all of it.
   */
  timeLimit?: number | undefined;
  /** Whether to try again after `error`; after every error unless given. */
  isRetriable?: ((error: unknown, attempt: number) => boolean) | undefined;
  /**
   * Called before each pause: which attempt has failed, with what, and how many
   * milliseconds the pause is.
   */
  onRetry?:
    | ((error: unknown, attempt: number, delay: number) => void)
    | undefined;
}

/**
 * Calls `work` until it succeeds, with longer and longer pauses in between.
 * Mirrors `retry` of `@std/async`, with the same names and defaults; asyncio
 * has none.
 *
 * - `attempt` counts from 1. When there are no more attempts, or no more time,
 *   it rejects with the last error itself.
 * - Pause `k`, from 0, takes `min(maxTimeout, minTimeout * multiplier ** k)`
 *   milliseconds, of which up to the part `jitter` is left out at random.
 * - A cancel is no failure: a {@linkcode CancelledError} is never retried.
 *
 * **Cancel safety:** a cancel goes into the work or ends the pause, and no
 * attempt follows. When `signal` aborts, it rejects at once; work under way is
 * cancelled, and the end of the run waits for what it still does.
 *
 * @throws {TypeError} `work` or a callback is no function, or an option is no
 * number.
 * @throws {RangeError} An option is out of its range.
 * @throws The last error of the work.
 *
 * @example
 * ```ts
 * import { retry } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const answers = [503, 503, 200];
 * const status = await retry(() => {
 *   const answer = answers.shift()!;
 *   if (answer !== 200) throw new Error(`the server answered ${answer}`);
 *   return answer;
 * }, { minTimeout: 1 });
 * assertEquals(status, 200);
 * ```
 *
 * @example Only what may go better, and not for long
 * ```ts
 * import { retry, timeout, TimeoutError } from "@asyncio/asyncio/tasks";
 * import { assertRejects } from "@std/assert";
 *
 * const load = (): Promise<string> => Promise.reject(new RangeError("no such page"));
 * await assertRejects(
 *   () =>
 *     retry(() => timeout(1000, load), { // each attempt has a second
 *       timeLimit: 30_000,
 *       isRetriable: (error) => error instanceof TimeoutError,
 *       onRetry: (error, attempt, delay) =>
 *         console.log(`attempt ${attempt}: ${error}; again in ${delay} ms`),
 *     }),
 *   RangeError,
 *   "no such page",
 * );
 * ```
 */
export function retry<T>(
  work: (attempt: number) => PromiseLike<T> | T,
  options?: RetryOptions,
): Promise<T> {
  try {
    checkFunction(work, "Cannot retry: the work");
    const plan = planOf(options ?? {});
    return checkpointIfCancelled(options) ??
      abortable("retry", () => tryAgain(work, plan), options);
  } catch (error) {
    return Promise.reject(error);
  }
}

type Plan = ReturnType<typeof planOf>;

async function tryAgain<T>(
  work: (attempt: number) => PromiseLike<T> | T,
  plan: Plan,
): Promise<T> {
  const { clock } = currentScope().loop;
  const until = clock.now() + plan.timeLimit;
  for (let attempt = 1;; attempt++) {
    try {
      return await work(attempt);
    } catch (error) {
      if (isCancelled(error) || attempt === plan.maxAttempts) throw error;
      if (!plan.isRetriable(error, attempt)) throw error;
      const delay = pauseAfter(attempt, plan);
      if (clock.now() + delay > until) throw error;
      plan.onRetry(error, attempt, delay);
      await sleep(delay);
    }
  }
}

function pauseAfter(attempt: number, plan: Plan): number {
  const { minTimeout, maxTimeout, multiplier, jitter } = plan;
  const growth = multiplier ** (attempt - 1);
  const longest = Math.min(
    maxTimeout,
    minTimeout === 0 ? 0 : minTimeout * growth,
  );
  return longest * (1 - jitter * Math.random());
}

/** The options, checked, with the defaults. */
function planOf(options: RetryOptions) {
  const {
    maxAttempts = 5,
    minTimeout = 1000,
    maxTimeout = 60_000,
    multiplier = 2,
    jitter = 1,
    timeLimit = Infinity,
    isRetriable = () => true,
    onRetry = () => {},
  } = options;
  checkLimit(maxAttempts, "Cannot retry: maxAttempts");
  checkMilliseconds(minTimeout, "Cannot retry: minTimeout");
  checkMilliseconds(maxTimeout, "Cannot retry: maxTimeout");
  checkMilliseconds(timeLimit, "Cannot retry: timeLimit");
  checkFactor(multiplier, "Cannot retry: multiplier", Infinity);
  checkFactor(jitter, "Cannot retry: jitter", 1);
  checkFunction(isRetriable, "Cannot retry: isRetriable");
  checkFunction(onRetry, "Cannot retry: onRetry");
  return {
    maxAttempts,
    minTimeout: Math.max(minTimeout, 0),
    maxTimeout: Math.max(maxTimeout, 0),
    multiplier,
    jitter,
    timeLimit,
    isRetriable,
    onRetry,
  };
}

function checkFactor(value: unknown, subject: string, most: number): void {
  if (typeof value !== "number") {
    throw new TypeError(`${subject} is a number, received ${describe(value)}`);
  }
  if (value >= 0 && value <= most) return;
  throw new RangeError(`${subject} is from 0 to ${most}, received ${value}`);
}
