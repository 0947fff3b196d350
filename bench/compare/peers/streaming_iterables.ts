// deno-lint-ignore-file no-import-prefix
import { parallelMap, transform } from "npm:streaming-iterables@8.0.1";
import { asyncNumbers, increment, numbers, sumOf } from "../items.ts";
import { check, serve } from "../serve.ts";

await serve("streaming-iterables 8.0.1", {
  async map(units) {
    check(await sumOf(parallelMap(10, increment, numbers(units))), units);
  },

  async map_async(units) {
    check(await sumOf(parallelMap(10, increment, asyncNumbers(units))), units);
  },

  async map_unordered(units) {
    check(await sumOf(transform(10, increment, numbers(units))), units);
  },
});
