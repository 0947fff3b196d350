/** @module */
import { describe } from "../../tasks/kernel/types.ts";
import { checkCount, checkOptions } from "./_arguments.ts";
import { MapOperator } from "./_mapping.ts";
import { itemsOf } from "./_operator.ts";
import { Source } from "./_source.ts";

export function map<T, R>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  fn: (item: T) => PromiseLike<R> | R,
  options: { limit?: number | undefined; ordered?: boolean | undefined } = {},
): AsyncIterableIterator<R, undefined> & AsyncDisposable {
  if (typeof fn !== "function") {
    throw new TypeError(
      `Cannot map: expected a function of an item, received ${describe(fn)}`,
    );
  }
  checkOptions(options, "map");
  const { limit = 1, ordered = true } = options;
  checkCount(limit, "map", "limit");
  const mapping = { call: fn, limit, ordered };
  return itemsOf(new MapOperator(new Source(source, "map"), mapping));
}
