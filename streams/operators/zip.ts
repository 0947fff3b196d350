/** @module */
import { itemsOf } from "./_operator.ts";
import { Production } from "./_production.ts";
import { Source } from "./_source.ts";

export function zip<T extends readonly unknown[]>(
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
          const mine = number;
          if (--missing === 0) {
            rows.deliver(row as unknown as T);
            row = [];
            missing = inputs.length;
            number++;
          }
          await rows.untilWanted(mine);
        }
      });
    }
  });
  return itemsOf(rows);
}
