/** @module */
import { itemsOf } from "./_operator.ts";
import { Production } from "./_production.ts";
import { Source } from "./_source.ts";

/**
 * Reads several sources side by side: yields the first items of all as an
 * array, then the second ones. As Python's `zip`.
 *
 * - All sources are asked at once for the items of a row.
 * - It ends with the shortest source, as soon as that has ended; the others are
 *   closed, and what they have given for the row is dropped. Of no sources, it
 *   ends at once.
 * - The first source that fails ends it.
 *
 * **Cancel safety:** a cancelled `next()` rejects when all sources are closed.
 *
 * @throws {TypeError} One of `sources` is not a source.
 *
 * @example
 * ```ts
 * import { zip } from "@asyncio/asyncio/streams/operators";
 * import { assertEquals } from "@std/assert";
 *
 * async function* names() {
 *   yield "a";
 *   yield "b";
 * }
 *
 * const rows: [number, string][] = [];
 * for await (const row of zip([1, 2, 3], names())) rows.push(row);
 * assertEquals(rows, [[1, "a"], [2, "b"]]);
 * ```
 */
export function zip<T extends unknown[]>(
  ...sources: {
    [K in keyof T]: AsyncIterable<T[K]> | Iterable<T[K] | PromiseLike<T[K]>>;
  }
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  const inputs = sources.map((source) => new Source<unknown>(source, "zip"));
  const rows = new Production<T>("zip", inputs, (rows) => {
    let row: unknown[] = [];
    let missing = inputs.length;
    let number = 0;
    for (const [column, input] of inputs.entries()) {
      rows.start(input, async () => {
        for (;;) {
          const result = await input.next();
          if (result.done) return rows.finish();
          row[column] = result.value;
          const current = number;
          if (--missing === 0) {
            rows.deliver(row as T);
            row = [];
            missing = inputs.length;
            number++;
          }
          await rows.untilWanted(current);
        }
      });
    }
  });
  return itemsOf(rows);
}
