/** @module */
import { itemsOf } from "./_operator.ts";
import { Production } from "./_production.ts";
import { Source } from "./_source.ts";

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
