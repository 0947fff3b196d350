/**
 * What operators cost. Each benchmark reads 10 000 items: ten microseconds
 * shown are a nanosecond an item.
 *
 * ```sh
 * deno bench -A $(deno run -A tests/std_source.ts) bench/operators_bench.ts
 * ```
 *
 * @module
 */
import {
  buffer,
  chunks,
  map,
  merge,
  tee,
  throttle,
  timeoutEach,
  zip,
} from "@asyncio/asyncio/streams/operators";
import { gather, run } from "@asyncio/asyncio/tasks";
import { asyncNumbers, increment, numbers } from "./compare/items.ts";

const ITEMS = 10_000;

async function drain(items: AsyncIterable<unknown>): Promise<void> {
  for await (const _ of items);
}

function bench(
  name: string,
  make: () => AsyncIterable<unknown>,
  options: { group: string; baseline?: boolean },
): void {
  // Not the promise itself: the runtime awaits async functions alone.
  Deno.bench(name, options, async () => await run(() => drain(make())));
}

const few = () => numbers(ITEMS);
const many = () => asyncNumbers(ITEMS);

bench("for await alone", () => ({ [Symbol.asyncIterator]: many }), {
  group: "map",
  baseline: true,
});
for (const [kind, source] of Object.entries({ sync: few, async: many })) {
  for (const limit of [1, 10, 1000]) {
    bench(
      `map, limit ${limit}, ${kind} source`,
      () => map(source(), increment, { limit }),
      { group: "map" },
    );
  }
  bench(
    `map to values, limit 10, ${kind} source`,
    () => map(source(), (item) => item + 1, { limit: 10 }),
    { group: "map" },
  );
}

const group = "others";
bench("for await alone, as above", () => ({ [Symbol.asyncIterator]: many }), {
  group,
  baseline: true,
});
bench("buffer 10", () => buffer(many(), 10), { group });
bench("chunks of 10", () => chunks(many(), { size: 10 }), { group });
bench("chunks of 10, with a time", () =>
  chunks(many(), {
    size: 10,
    time: 1000,
  }), { group });
bench("timeoutEach", () => timeoutEach(many(), 60_000), { group });
bench("throttle, never", () => throttle(many(), { interval: 0 }), { group });
bench(
  "merge of two",
  () => merge(asyncNumbers(ITEMS / 2), asyncNumbers(ITEMS / 2)),
  { group },
);
bench("zip of two", () => zip(many(), many()), { group });

Deno.bench("tee into two", { group }, async () => {
  await run(() => gather(tee(many(), 2).map((branch) => () => drain(branch))));
});
