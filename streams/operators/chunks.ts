/** @module */
import { checkLimit, requireOptions } from "../../tasks/kernel/types.ts";
import { checkTime } from "./_arguments.ts";
import { now } from "./_now.ts";
import { itemsOf } from "./_operator.ts";
import { produce } from "./_production.ts";
import { Source } from "./_source.ts";

/**
 * Puts items together: yields arrays of `size` items, or of the items that come
 * within `time` milliseconds of the first one, whichever is earlier. As rxjs's
 * `bufferTime` and `bufferCount`.
 *
 * - One of the two is needed. A chunk is never empty; the last one may be
 *   smaller.
 * - If the source fails, the collected items are yielded before its error.
 * - An item that is on its way when the time is over is the first one of the
 *   next chunk, whose time begins when that is asked for.
 *
 * **Cancel safety:** a cancelled `next()` drops what was collected, and rejects
 * when the source is closed.
 *
 * @throws {TypeError} `source` is not a source, or neither `size` nor `time` is
 * given.
 * @throws {RangeError} `size` is not a whole number from 1, or `time` is
 * negative or `NaN`.
 *
 * @example
 * ```ts
 * import { chunks } from "@asyncio/asyncio/streams/operators";
 * import { run, sleep } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * async function* events() {
 *   yield* ["a", "b", "c", "d"];
 *   await sleep(50); // nothing happens for a while
 *   yield "e";
 * }
 *
 * await run(async () => {
 *   const got: string[][] = [];
 *   for await (const chunk of chunks(events(), { size: 3, time: 10 })) {
 *     got.push(chunk);
 *   }
 *   assertEquals(got, [["a", "b", "c"], ["d"], ["e"]]);
 * }, { clock: new VirtualClock() });
 * ```
 */
export function chunks<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  options: { size?: number | undefined; time?: number | undefined },
): AsyncIterableIterator<T[], undefined> & AsyncDisposable {
  requireOptions(options, "make chunks");
  const { size = Infinity, time = Infinity } = options;
  checkLimit(size, "Cannot make chunks: size");
  checkTime(time, "Cannot make chunks: time");
  if (size === Infinity && time === Infinity) {
    throw new TypeError(
      "Cannot make chunks: expected a size or a time, received neither",
    );
  }
  const input = new Source(source, "chunks");
  return itemsOf(produce<T, T[]>(input, async (chunks) => {
    for (;;) {
      const first = await input.next();
      if (first.done) return;
      const chunk = [first.value];
      const until = now() + time;
      try {
        while (chunk.length < size && now() < until) {
          const result = await input.next(until);
          if (result === undefined) break;
          if (result.done) return chunks.deliver(chunk);
          chunk.push(result.value);
        }
      } catch (error) {
        chunks.deliver(chunk);
        throw error;
      }
      await chunks.give(chunk);
    }
  }));
}
