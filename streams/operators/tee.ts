/** @module */
import { checkCount, checkOptions } from "./_arguments.ts";
import { itemsOf } from "./_operator.ts";
import { Source } from "./_source.ts";
import { Tee } from "./_tee.ts";

export function tee<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  n: number,
  options: { maxSize?: number | undefined } = {},
): (AsyncIterableIterator<T, undefined> & AsyncDisposable)[] {
  checkCount(n, "tee", "the number of iterators");
  checkOptions(options, "tee");
  const { maxSize = 16 } = options;
  checkCount(maxSize, "tee", "maxSize");
  const { branches } = new Tee(new Source(source, "tee"), n, maxSize);
  return branches.map((branch) => itemsOf(branch));
}
