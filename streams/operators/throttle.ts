/** @module */
import { sleep } from "../../tasks/sleep.ts";
import { checkCount, checkOptions, checkTime } from "./_arguments.ts";
import { now } from "./_now.ts";
import { itemsOf } from "./_operator.ts";
import { produce } from "./_production.ts";
import { Source } from "./_source.ts";

export function throttle<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  options: { limit?: number | undefined; interval: number },
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  checkOptions(options, "throttle");
  const { limit = 1, interval } = options;
  checkCount(limit, "throttle", "limit");
  checkTime(interval, "throttle", "interval");
  const input = new Source(source, "throttle");
  return itemsOf(produce<T, T>(input, async (slowed) => {
    const passes: number[] = []; // the last ones, in a ring
    for (let i = 0;; i = (i + 1) % limit) {
      const result = await input.next();
      if (result.done) return;
      const early = (passes[i] ?? -Infinity) + interval - now();
      if (early > 0) await sleep(early);
      if (limit !== Infinity) passes[i] = now();
      await slowed.give(result.value);
    }
  }));
}
