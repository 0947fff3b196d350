/** @module */
import { checkTime } from "./_arguments.ts";
import { now } from "./_now.ts";
import { itemsOf } from "./_operator.ts";
import { produce } from "./_production.ts";
import { Source } from "./_source.ts";

/**
 * Waits until a source calms down: yields an item when no other has followed it
 * for `ms` milliseconds, and drops those that were followed. As rxjs's
 * `debounceTime`.
 *
 * - The last item is yielded at once when the source ends, and before its error
 *   when it fails.
 * - One item is held. The source is read while an item is asked for, so a burst
 *   that comes while the consumer is busy is taken in afterwards.
 *
 * **Cancel safety:** a cancelled `next()` drops the item that is held, and
 * rejects when the source is closed.
 *
 * @throws {TypeError} `source` is not a source.
 * @throws {RangeError} `ms` is negative or `NaN`.
 *
 * @example
 * ```ts
 * import { debounce } from "@asyncio/asyncio/streams/operators";
 * import { sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * async function* keys() {
 *   yield* ["h", "he", "hel"]; // typed at once
 *   await sleep(50);
 *   yield "hello";
 * }
 *
 * const searches: string[] = [];
 * for await (const text of debounce(keys(), 10)) searches.push(text);
 * assertEquals(searches, ["hel", "hello"]);
 * ```
 */
export function debounce<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  ms: number,
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  checkTime(ms, "Cannot debounce: the time");
  const input = new Source(source, "debounce");
  return itemsOf(produce<T, T>(input, async (calm) => {
    for (;;) {
      const first = await input.next();
      if (first.done) return;
      let last = first.value;
      try {
        let result;
        while ((result = await input.next(now() + ms)) !== undefined) {
          if (result.done) return calm.deliver(last);
          last = result.value;
        }
      } catch (error) {
        calm.deliver(last);
        throw error;
      }
      await calm.give(last);
    }
  }));
}
