/** Every operator, in its plainest use. @module */
import {
  buffer,
  chunks,
  debounce,
  map,
  merge,
  tee,
  throttle,
  timeoutEach,
  zip,
} from "@asyncio/asyncio/streams/operators";
import { sleep } from "@asyncio/asyncio/tasks";
import type { AnySource } from "./_sources.ts";

type Items = AsyncIterableIterator<unknown, undefined> & AsyncDisposable;

/** An operator, and what it makes of the items 1, 2, 3, 4, 5. */
export interface Case {
  over: (source: AnySource<number>) => Items;
  gives: unknown[];
  /** Whether an error of the source may come before items. */
  isHasty?: boolean;
}

const same = [1, 2, 3, 4, 5];

/** Waits as long as it takes for items to overtake each other. */
async function squared(item: number): Promise<number> {
  await sleep(item % 2 === 0 ? 1 : 3);
  return item * item;
}

export const cases: Record<string, Case> = {
  "map": { over: (source) => map(source, squared), gives: [1, 4, 9, 16, 25] },
  "map with limit 3": {
    over: (source) => map(source, squared, { limit: 3 }),
    gives: [1, 4, 9, 16, 25],
  },
  "map to values": {
    over: (source) => map(source, (item) => item * item, { limit: 3 }),
    gives: [1, 4, 9, 16, 25],
  },
  "map, not ordered": {
    over: (source) => map(source, (item) => item, { ordered: false, limit: 3 }),
    gives: same,
    isHasty: true,
  },
  "merge of one": { over: (source) => merge(source), gives: same },
  "merge of two": { over: (source) => merge(source, []), gives: same },
  "chunks": {
    over: (source) => chunks(source, { size: 2 }),
    gives: [[1, 2], [3, 4], [5]],
  },
  "chunks with a time": {
    over: (source) => chunks(source, { size: 2, time: 1000 }),
    gives: [[1, 2], [3, 4], [5]],
  },
  "throttle": {
    over: (source) => throttle(source, { limit: 2, interval: 10 }),
    gives: same,
  },
  "debounce": { over: (source) => debounce(source, 1000), gives: [5] },
  "timeoutEach": { over: (source) => timeoutEach(source, 1000), gives: same },
  "tee into one": { over: (source) => tee(source, 1)[0]!, gives: same },
  "zip": {
    over: (source) => zip(source, "abcdefgh"),
    gives: [[1, "a"], [2, "b"], [3, "c"], [4, "d"], [5, "e"]],
  },
  "buffer": { over: (source) => buffer(source, 2), gives: same },
};
