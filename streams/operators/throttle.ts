/** @module */
import { checkLimit, requireOptions } from "../../tasks/kernel/types.ts";
import { sleep } from "../../tasks/sleep.ts";
import { checkTime } from "./_arguments.ts";
import { now } from "./_now.ts";
import { itemsOf } from "./_operator.ts";
import { produce } from "./_production.ts";
import { Source } from "./_source.ts";

/**
 * Slows a source down: yields at most `limit` items (1 unless given) within any
 * `interval` milliseconds. As p-throttle; rxjs's `throttleTime` drops items,
 * this one never does.
 *
 * - The first `limit` items pass at once; items that are exactly `interval`
 *   apart are allowed.
 * - One item is held while it has to wait. The end of the source and its error
 *   do not wait.
 *
 * **Cancel safety:** a cancelled `next()` drops the item that is held, and
 * rejects when the source is closed.
 *
 * @throws {TypeError} `source` is not a source.
 * @throws {RangeError} `limit` is not a whole number from 1, or `interval` is
 * negative or `NaN`.
 *
 * @example
 * ```ts
 * import { throttle } from "@asyncio/asyncio/streams/operators";
 * import { getRunningLoop, run } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   const times: number[] = [];
 *   const rate = { limit: 2, interval: 1000 };
 *   for await (const _ of throttle(["a", "b", "c", "d", "e"], rate)) {
 *     times.push(getRunningLoop().time());
 *   }
 *   assertEquals(times, [0, 0, 1000, 1000, 2000]);
 * }, { clock: new VirtualClock() });
 * ```
 */
export function throttle<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  options: { limit?: number | undefined; interval: number },
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  requireOptions(options, "throttle");
  const { limit = 1, interval } = options;
  checkLimit(limit, "Cannot throttle: limit");
  checkTime(interval, "Cannot throttle: interval");
  const input = new Source(source, "throttle");
  return itemsOf(produce<T, T>(input, async (slowed) => {
    const times: number[] = []; // when the last `limit` have passed, in a ring
    for (let i = 0;; i = (i + 1) % limit) {
      const result = await input.next();
      if (result.done) return;
      const early = (times[i] ?? -Infinity) + interval - now();
      if (early > 0) await sleep(early);
      if (limit !== Infinity) times[i] = now();
      await slowed.give(result.value);
    }
  }));
}
