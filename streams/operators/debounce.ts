/** @module */
import { checkTime } from "./_arguments.ts";
import { now } from "./_now.ts";
import { itemsOf } from "./_operator.ts";
import { produce } from "./_production.ts";
import { Source } from "./_source.ts";

export function debounce<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  ms: number,
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  checkTime(ms, "debounce", "the time");
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
