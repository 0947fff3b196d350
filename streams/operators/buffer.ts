/** @module */
import { checkCount } from "./_arguments.ts";
import { MapOperator } from "./_mapping.ts";
import { itemsOf } from "./_operator.ts";
import { Source } from "./_source.ts";

export function buffer<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  n: number,
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  checkCount(n, "buffer", "the number of items");
  const input = new Source(source, "buffer");
  // And the one that is asked for.
  return itemsOf(new MapOperator<T, T>(input, { limit: n + 1, ordered: true }));
}
