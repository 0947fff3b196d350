/** Work in small slices, between which the program goes on. @module */
import { setTimeout } from "node:timers";

/** How long a slice is at most. */
const SLICE_MS = 2;
/** How many times as long as a slice the pause after it is. */
const PAUSE_FACTOR = 4;
/** How many items are worked on between two looks at the clock. */
const ITEMS_PER_LOOK = 16;

/**
 * Calls `work` for each item, in slices that take no more than a fifth of the
 * time. Resolves to the milliseconds that they have taken.
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
      setTimeout(resolve, time * PAUSE_FACTOR).unref();
    });
    start = performance.now();
  }
  return took + performance.now() - start;
}
