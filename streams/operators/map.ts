/** @module */
import {
  checkFlags,
  checkLimit,
  checkOptions,
  describe,
} from "../../tasks/kernel/types.ts";
import { MapOperator } from "./_mapping.ts";
import { itemsOf } from "./_operator.ts";
import { Source } from "./_source.ts";

/**
 * Calls `fn` for each item, at most `limit` at a time, and yields the results.
 * As p-map's `pMapIterable` and rxjs's `mergeMap`.
 *
 * - It holds at most `limit` items (1 unless given): running calls and results
 *   that were not taken yet count alike. `Infinity` takes every item at once.
 * - Results come in the order of the items; with `ordered: false` as they are
 *   ready.
 * - The first error ends it: in its place if ordered, after the results before
 *   it; at once if not. Calls whose results are not wanted any more are
 *   cancelled, and waited for.
 * - Calls run in at most `limit` tasks. Each call sees the context variables of
 *   the code that asked for the first result, not those that another call sets.
 * - `fn` gets one argument, the item, so `map(urls, fetch)` works.
 *
 * **Cancel safety:** a cancelled `next()` cancels the calls, and rejects when
 * they have ended and the source is closed.
 *
 * @throws {TypeError} `source` is not a source, `fn` not a function, or `ordered`
 * not a boolean.
 * @throws {RangeError} `limit` is not a whole number from 1, or `Infinity`.
 *
 * @example
 * ```ts
 * import { map } from "@asyncio/asyncio/streams/operators";
 * import { sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * async function load(ms: number): Promise<string> {
 *   await sleep(ms);
 *   return `after ${ms} ms`;
 * }
 *
 * const pages: string[] = [];
 * for await (const page of map([20, 1, 10], load, { limit: 2 })) {
 *   pages.push(page);
 * }
 * assertEquals(pages, ["after 20 ms", "after 1 ms", "after 10 ms"]);
 * ```
 *
 * @example As they are ready
 * ```ts
 * import { map } from "@asyncio/asyncio/streams/operators";
 * import { sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const load = (ms: number) => sleep(ms, { result: ms });
 * const options = { limit: 3, ordered: false };
 * const loaded: number[] = [];
 * for await (const ms of map([40, 1, 20], load, options)) loaded.push(ms);
 * assertEquals(loaded, [1, 20, 40]);
 * ```
 */
export function map<T, R>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  fn: (item: T) => PromiseLike<R> | R,
  options?: { limit?: number | undefined; ordered?: boolean | undefined },
): AsyncIterableIterator<R, undefined> & AsyncDisposable {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot map: expected a function of an item, received ${describe(fn)}`,
    );
  }
  checkOptions(options, "map");
  const { limit = 1, ordered = true } = options ?? {};
  checkLimit(limit, "Cannot map: limit");
  checkFlags({ ordered }, ["ordered"], "map");
  const mapping = { call: fn, limit, ordered };
  return itemsOf(new MapOperator(new Source(source, "map"), mapping));
}
