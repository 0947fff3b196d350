import { sleep } from "@asyncio/asyncio/tasks";
import { now } from "../../_helpers/now.ts";

/** Gives each moment when it has come, counted from the first item on. */
export async function* at(
  moments: readonly number[],
  { error }: { error?: unknown } = {},
): AsyncGenerator<number, void> {
  const start = now();
  for (const moment of moments) {
    const early = start + moment - now();
    if (early > 0) await sleep(early);
    yield moment;
  }
  if (error !== undefined) throw error;
}

/** The items that `source` gives, each with the moment when it came. */
export async function timed<T>(
  source: AsyncIterable<T>,
): Promise<[T, number][]> {
  const items: [T, number][] = [];
  for await (const item of source) items.push([item, now()]);
  return items;
}
