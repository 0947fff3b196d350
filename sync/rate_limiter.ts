/** @module */
import {
  checkMilliseconds,
  checkWhole,
  describe,
  type WaitOptions,
} from "../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../tasks/kernel/wait/checkpoint.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { type Rate, SlidingWindow, TokenBucket } from "./_rates.ts";
import { TokenQueue } from "./_token_queue.ts";

/**
 * A limit on how often work begins: at most `limit` times in an interval, as
 * for a service that allows a number of requests a second. asyncio has no
 * counterpart; users of tokio take `governor`, those of npm `p-queue` with
 * `intervalCap`, or `limiter`.
 *
 * - Without `burst` the window slides: there are at most `limit` passes in any
 *   `interval` milliseconds. The first `limit` calls pass at once. Passes exactly
 *   one interval apart are allowed.
 * - With `burst` it is a token bucket: `burst` calls pass at once, and then one
 *   each `interval / limit` milliseconds. Unused tokens are saved, up to
 *   `burst`.
 * - Strictly first come, first served: a call for few tokens never overtakes
 *   one for many.
 * - It uses the clock of the loop on which it was made, so tests on a virtual
 *   clock are exact and instant. After the end of that run, it uses the clock
 *   of the loop on which it is called next.
 *
 * To limit how much work is under way, use a {@linkcode Semaphore}.
 *
 * @example
 * ```ts
 * import { RateLimiter } from "@asyncio/asyncio/sync";
 * import { getRunningLoop, run } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   const limiter = new RateLimiter({ limit: 2, interval: 1000 });
 *   const times: number[] = [];
 *   for (let i = 0; i < 5; i++) {
 *     await limiter.acquire();
 *     times.push(getRunningLoop().time());
 *   }
 *   assertEquals(times, [0, 0, 1000, 1000, 2000]);
 * }, { clock: new VirtualClock() });
 * ```
 *
 * @example A token bucket, and calls that cost more than others
 * ```ts
 * import { RateLimiter } from "@asyncio/asyncio/sync";
 * import { getRunningLoop, run } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   const limiter = new RateLimiter({ limit: 10, interval: 1000, burst: 5 });
 *   await limiter.acquire({ tokens: 5 });
 *   await limiter.acquire({ tokens: 2 });
 *   assertEquals(getRunningLoop().time(), 200);
 * }, { clock: new VirtualClock() });
 * ```
 */
export class RateLimiter {
  readonly #options: { limit: number; interval: number; burst?: number };
  readonly #rate: Rate;
  readonly #queue: TokenQueue;

  /**
   * Makes a limiter with all its tokens.
   *
   * @param options At most `limit` tokens pass in `interval` milliseconds;
   * `burst` makes it a token bucket of that size.
   * @throws {RangeError} `limit` or `burst` is not a whole number from 1, or
   * `interval` is not a finite number above 0.
   * @throws {TypeError} One of them is not a number.
   */
  constructor(
    options: {
      limit: number;
      interval: number;
      burst?: number | undefined;
    },
  ) {
    const { limit, interval, burst } = options;
    checkWhole(limit, "Cannot make a RateLimiter: the limit");
    checkMilliseconds(interval, "Cannot make a RateLimiter: the interval");
    if (!(interval > 0 && interval < Infinity)) {
      throw new RangeError(
        `Cannot make a RateLimiter: the interval is finite and more than 0 ms, received ${interval}`,
      );
    }
    if (burst === undefined) {
      this.#options = { limit, interval };
      this.#rate = new SlidingWindow(limit, interval);
    } else {
      checkWhole(burst, "Cannot make a RateLimiter: the burst");
      this.#options = { limit, interval, burst };
      this.#rate = new TokenBucket(limit, interval, burst);
    }
    this.#queue = new TokenQueue(this.#rate);
  }

  /**
   * Waits until one token may pass, or `options.tokens` together.
   *
   * **Cancel safety:** a call that is cancelled or aborted leaves the queue and
   * spends no token, so the next call passes earlier. Once it has passed, the
   * tokens are spent, and a later cancel is delivered at the next wait.
   *
   * @param options How many tokens to take (1 unless given), and a signal that
   * ends the wait.
   * @throws {RangeError} `tokens` is not a whole number from 1, or is more than
   * can ever pass at once: more than `burst`, or than `limit` without it.
   * @throws {CancelledError} The task was cancelled.
   * @throws The signal's reason, when it aborts.
   */
  acquire(
    options?: WaitOptions & { tokens?: number | undefined },
  ): Promise<void> {
    let tokens = 1;
    if (options?.tokens !== undefined) {
      tokens = options.tokens;
      try {
        this.#checkTokens(tokens);
      } catch (error) {
        return Promise.reject(error);
      }
    }
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    const queue = this.#queue;
    return queue.tryPass(tokens)
      ? ready(undefined)
      : queue.pass(tokens, options);
  }

  #checkTokens(tokens: number): void {
    checkWhole(tokens, "Cannot acquire: tokens");
    const { most } = this.#rate;
    if (tokens <= most) return;
    throw new RangeError(
      `Cannot acquire: at most ${most} tokens can pass at once, received ${
        describe(tokens)
      }`,
    );
  }

  static {
    printable(RateLimiter, (limiter) => ({
      ...limiter.#options,
      free: limiter.#queue.free,
      waiting: limiter.#queue.size,
    }));
  }
}
