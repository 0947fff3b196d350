/** pooledMap of @std/async, from npm where JSR cannot be reached. */
import { asyncNumbers, increment, numbers, sumOf } from "../items.ts";
import { check, serve } from "../serve.ts";

interface Module {
  pooledMap(
    limit: number,
    items: Iterable<number> | AsyncIterable<number>,
    map: (item: number) => Promise<number>,
  ): AsyncIterable<number>;
}

async function importPool(): Promise<Module> {
  const path = "jsr:@std/async@^1/"; // put together here, as for the Channel
  try {
    return await import(`${path}pool`);
  } catch {
    return await import(`${"npm:deno-std@1.3.4"}/async/pool.js`);
  }
}

const { pooledMap } = await importPool();

await serve("pooledMap of @std/async", {
  async map(units) {
    check(await sumOf(pooledMap(10, numbers(units), increment)), units);
  },

  async map_async(units) {
    check(await sumOf(pooledMap(10, asyncNumbers(units), increment)), units);
  },
});
