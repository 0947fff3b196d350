/** @module */
import { abortable } from "./_abortable.ts";
import type { BlockScope } from "./kernel/cancel/block_scope.ts";
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
import { Attempts } from "./kernel/wait/attempts.ts";
import { sleep } from "./sleep.ts";

/** Options of {@linkcode retry}. */
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
   * Which part of a pause is random, from 0 (none) to 1 (all of it, the
   * default): so clients that fail together do not come back together.
   */
  jitter?: number | undefined;
  /**
   * For how many milliseconds new attempts begin; unlimited unless given. It
   * does not end an attempt under way: for that use {@linkcode timeout}, inside
   * the work for each attempt, or around `retry` for all of them.
   */
  timeLimit?: number | undefined;
  /**
   * Returns whether to try again after `error`; after every error unless given.
   */
  isRetriable?: ((error: unknown, attempt: number) => boolean) | undefined;
  /**
   * Called before each pause, of `delay` milliseconds, with the error of the
   * attempt that has failed.
   */
  onRetry?:
    | ((error: unknown, attempt: number, delay: number) => void)
    | undefined;
}

/**
 * Calls `work` until it succeeds, with growing pauses in between, and resolves
 * to its result. Mirrors `retry` of `@std/async`, with the same names and
 * defaults; asyncio has no counterpart.
 *
 * - `attempt` counts from 1. If there are no more attempts, or no more time, it
 *   rejects with the last error itself.
 * - Pause `k`, from 0, takes `min(maxTimeout, minTimeout * multiplier ** k)`
 *   milliseconds, less a random part of at most `jitter`.
 * - A cancel is no failure: a {@linkcode CancelledError} is never retried.
 * - As a branch of a {@linkcode race} it is the wait that its attempt begins:
 *   `race([() => retry(() => queue.get()), …])` loses no item.
 *
 * **Cancel safety:** a cancel is delivered to the work or ends the pause, and
 * no attempt follows. When `signal` aborts, it rejects at once, and the work is
 * cancelled; the end of the run waits for its clean-up.
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
  const scope = currentScope();
  const { clock } = scope.loop;
  const attempts = new Attempts(scope as BlockScope);
  const until = clock.now() + plan.timeLimit;
  for (let attempt = 1;; attempt++) {
    try {
      return await attempts.begin(() => work(attempt));
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

/** Checks the options, and returns them with their defaults. */
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
