/** @module */
import { TimeoutError } from "../../tasks/kernel/errors.ts";
import { checkTime } from "./_arguments.ts";
import { now } from "./_now.ts";
import { itemsOf } from "./_operator.ts";
import { produce } from "./_production.ts";
import { Source } from "./_source.ts";

/**
 * Fails if the source takes longer than `ms` milliseconds for an item. As
 * rxjs's `timeout`, with its option `each`.
 *
 * - Only the source's time counts: from when an item is asked for until it
 *   comes. The consumer may take as long as it likes.
 * - With 0, an item that is there at once passes. `Infinity` is no limit.
 *
 * **Cancel safety:** a cancelled `next()` rejects when the source is closed.
 *
 * @throws {TypeError} `source` is not a source.
 * @throws {RangeError} `ms` is negative or `NaN`.
 *
 * @example
 * ```ts
 * import { timeoutEach } from "@asyncio/asyncio/streams/operators";
 * import { sleep, TimeoutError } from "@asyncio/asyncio/tasks";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * async function* ticks() {
 *   yield 1;
 *   await sleep(60_000);
 *   yield 2;
 * }
 *
 * const got: number[] = [];
 * await assertRejects(async () => {
 *   for await (const tick of timeoutEach(ticks(), 10)) got.push(tick);
 * }, TimeoutError);
 * assertEquals(got, [1]);
 * ```
 */
export function timeoutEach<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  ms: number,
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  checkTime(ms, "Cannot time each item: the time");
  const input = new Source(source, "timeoutEach");
  return itemsOf(produce<T, T>(input, async (timely) => {
    for (;;) {
      const result = await input.next(now() + ms);
      if (result === undefined) {
        throw new TimeoutError(`the next item has not come within ${ms} ms`);
      }
      if (result.done) return;
      await timely.give(result.value);
    }
  }));
}
