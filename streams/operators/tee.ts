/** @module */
import {
  checkLimit,
  checkOptions,
  checkWhole,
} from "../../tasks/kernel/types.ts";
import { itemsOf } from "./_operator.ts";
import { Source } from "./_source.ts";
import { Tee } from "./_tee.ts";

/**
 * Reads a source once, for several consumers: returns `n` async iterables of
 * the same items. As Python's `itertools.tee`, with a bound.
 *
 * - At most `maxSize` items (16 unless given) are held for the slowest
 *   consumer; then the faster ones wait for it. So read all of them side by
 *   side, each in a task of its own.
 * - A consumer that leaves its loop holds no other back. The source is closed
 *   when the last one leaves.
 * - An error of the source is thrown to each, after the items before it.
 *
 * **Cancel safety:** a cancelled `next()` leaves its own iterable alone.
 *
 * @throws {TypeError} `source` is not a source.
 * @throws {RangeError} `n` or `maxSize` is not a whole number from 1; `maxSize`
 * may be `Infinity`.
 *
 * @example
 * ```ts
 * import { tee } from "@asyncio/asyncio/streams/operators";
 * import { gather } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * async function sum(numbers: AsyncIterable<number>): Promise<number> {
 *   let sum = 0;
 *   for await (const n of numbers) sum += n;
 *   return sum;
 * }
 * async function most(numbers: AsyncIterable<number>): Promise<number> {
 *   let most = -Infinity;
 *   for await (const n of numbers) most = Math.max(most, n);
 *   return most;
 * }
 *
 * const [a, b] = tee([3, 1, 4, 1, 5], 2);
 * assertEquals(await gather([() => sum(a!), () => most(b!)]), [14, 5]);
 * ```
 */
export function tee<T>(
  source: AsyncIterable<T> | Iterable<T | PromiseLike<T>>,
  n: number,
  options?: { maxSize?: number | undefined },
): (AsyncIterableIterator<T, undefined> & AsyncDisposable)[] {
  checkWhole(n, "Cannot tee: the number of iterables");
  checkOptions(options, "tee");
  const { maxSize = 16 } = options ?? {};
  checkLimit(maxSize, "Cannot tee: maxSize");
  const { branches } = new Tee(new Source(source, "tee"), n, maxSize);
  return branches.map((branch) => itemsOf(branch));
}
