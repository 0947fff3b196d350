// deno-lint-ignore-file no-import-prefix
import { from, lastValueFrom, mergeMap, reduce } from "npm:rxjs@7.8.2";
import { increment, numbers } from "../items.ts";
import { check, serve } from "../serve.ts";

await serve("rxjs 7.8.2", {
  async map_unordered(units) {
    const sum = from(numbers(units)).pipe(
      mergeMap(increment, 10),
      reduce((sum, item) => sum + item, 0),
    );
    check(await lastValueFrom(sum), units);
  },
});
