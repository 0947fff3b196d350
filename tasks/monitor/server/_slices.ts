/** Work in small pieces, between which the program goes on. @module */
import { setTimeout } from "node:timers";

/** Work for so long at most, */
const SLICE_MS = 2;
/** and rest so many times as long. */
const REST_FACTOR = 4;
/** The clock costs something, too. */
const ITEMS_PER_LOOK = 16;

/**
 * Calls `work` for each item; however many there are, it takes no more than a
 * fifth of the time. Resolves with the milliseconds that it has taken.
 */
export async function inSlices<T>(
  items: readonly T[],
  work: (item: T) => void,
): Promise<number> {
  let took = 0;
  let start = performance.now();
  for (const [i, item] of items.entries()) {
    work(item);
    if (i % ITEMS_PER_LOOK !== 0) continue;
    const time = performance.now() - start;
    if (time < SLICE_MS) continue;
    took += time;
    await new Promise<void>((resolve) => {
      setTimeout(resolve, time * REST_FACTOR).unref();
    });
    start = performance.now();
  }
  return took + performance.now() - start;
}
