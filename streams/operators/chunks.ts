/** @module */
import { checkCount, checkOptions, checkTime } from "./_arguments.ts";
import { now } from "./_now.ts";
import { itemsOf } from "./_operator.ts";
import { produce, type Production } from "./_production.ts";
import { Source } from "./_source.ts";

export function chunks<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  options: { size?: number | undefined; time?: number | undefined },
): AsyncIterableIterator<T[], undefined> & AsyncDisposable {
  checkOptions(options, "chunks");
  const { size = Infinity, time = Infinity } = options;
  checkCount(size, "chunks", "size");
  checkTime(time, "chunks", "time");
  if (size === Infinity && time === Infinity) {
    throw new TypeError(
      "Cannot chunks: expected a size or a time, received neither",
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
