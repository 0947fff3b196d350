/** @module */
import { itemsOf } from "./_operator.ts";
import { Production } from "./_production.ts";
import { Source } from "./_source.ts";

/**
 * Reads several sources as one: yields their items as they come. As rxjs's
 * `merge`.
 *
 * - Each source is asked for its next item when the one before was taken,
 *   so at most one of each is held, and a source that is always ready does not
 *   hold up the others.
 * - It ends when all sources have; of no sources, at once.
 * - The first source that fails ends it, after the items that came before the
 *   error. The others are closed.
 *
 * **Cancel safety:** a cancelled `next()` rejects when all sources are closed.
 *
 * @throws {TypeError} One of `sources` is not a source.
 *
 * @example
 * ```ts
 * import { merge } from "@asyncio/asyncio/streams/operators";
 * import { sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * async function* every(ms: number, name: string) {
 *   for (let i = 0; i < 2; i++) {
 *     await sleep(ms);
 *     yield name;
 *   }
 * }
 *
 * const names: string[] = [];
 * for await (const name of merge(every(20, "slow"), every(5, "fast"))) {
 *   names.push(name);
 * }
 * assertEquals(names.sort(), ["fast", "fast", "slow", "slow"]); // as they come
 * ```
 */
export function merge<T>(
  ...sources: (AsyncIterable<T> | Iterable<T | PromiseLike<T>>)[]
): AsyncIterableIterator<T, undefined> & AsyncDisposable;
/** Merges sources of several kinds of items. */
export function merge<T extends unknown[]>(
  ...sources: {
    [K in keyof T]: AsyncIterable<T[K]> | Iterable<T[K] | PromiseLike<T[K]>>;
  }
): AsyncIterableIterator<T[number], undefined> & AsyncDisposable;
export function merge<T>(
  ...sources: (AsyncIterable<T> | Iterable<T | PromiseLike<T>>)[]
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  const inputs = sources.map((source) => new Source(source, "merge"));
  const merged = new Production<T>("merge", inputs, (merged) => {
    for (const input of inputs) {
      merged.start(input, async () => {
        let result;
        while (!(result = await input.next()).done) {
          await merged.give(result.value);
        }
      });
    }
  });
  return itemsOf(merged);
}
