/** @module */
import { checkLimit } from "../../tasks/kernel/types.ts";
import { MapOperator } from "./_mapping.ts";
import { itemsOf } from "./_operator.ts";
import { Source } from "./_source.ts";

/**
 * Reads ahead: takes up to `n` items from the source while the consumer is
 * busy, so that they are there when they are asked for.
 *
 * It begins with the first item that is asked for. An error of the source comes
 * after the items that were read before it.
 *
 * **Cancel safety:** a cancelled `next()` drops what was read ahead, and
 * rejects when the source is closed.
 *
 * @throws {TypeError} `source` is not a source.
 * @throws {RangeError} `n` is not a whole number from 1, or `Infinity`.
 *
 * @example
 * ```ts
 * import { buffer } from "@asyncio/asyncio/streams/operators";
 * import { getRunningLoop, run, sleep } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * async function* pages() {
 *   for (let page = 1; page <= 3; page++) {
 *     await sleep(100); // to load it
 *     yield page;
 *   }
 * }
 *
 * await run(async () => {
 *   for await (const _ of buffer(pages(), 1)) await sleep(100); // to store it
 *   assertEquals(getRunningLoop().time(), 400); // and not 600
 * }, { clock: new VirtualClock() });
 * ```
 */
export function buffer<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  n: number,
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  checkLimit(n, "Cannot buffer: the number of items");
  const input = new Source(source, "buffer");
  // And the one that is asked for.
  return itemsOf(new MapOperator<T, T>(input, { limit: n + 1, ordered: true }));
}
