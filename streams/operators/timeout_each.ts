/** @module */
import { TimeoutError } from "../../tasks/kernel/errors.ts";
import { checkTime } from "./_arguments.ts";
import { now } from "./_now.ts";
import { itemsOf } from "./_operator.ts";
import { produce } from "./_production.ts";
import { Source } from "./_source.ts";

export function timeoutEach<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  ms: number,
): AsyncIterableIterator<T, undefined> & AsyncDisposable {
  checkTime(ms, "timeoutEach", "the time");
  const input = new Source(source, "timeoutEach");
  return itemsOf(produce<T, T>(input, async (timely) => {
    for (;;) {
      const result = await input.next(now() + ms);
      if (result === undefined) {
        throw new TimeoutError(`the next item has not come within ${ms} ms`);
      }
      if (result.done) return;
      await timely.give(result.value);
    }
  }));
}
