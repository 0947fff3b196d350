// deno-lint-ignore-file no-import-prefix
import { pMapIterable } from "npm:p-map@7.1.1";
import { check, serve } from "../serve.ts";
import { asyncNumbers, increment, numbers, sumOf } from "../items.ts";

await serve("p-map 7.1.1", {
  async map(units) {
    const items = pMapIterable(numbers(units), increment, { concurrency: 10 });
    check(await sumOf(items), units);
  },

  async map_async(units) {
    const source = asyncNumbers(units);
    const items = pMapIterable(source, increment, { concurrency: 10 });
    check(await sumOf(items), units);
  },
});
