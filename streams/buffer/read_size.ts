/** How many bytes a read asks for. @module */
import { MAX_IDLE_BYTES } from "./buffer_pool.ts";

/** Little, as every idle connection holds as much. */
export const FIRST_READ = 512;
const MAX_READ = 262144;

/**
 * How many bytes the next read asks for.
 *
 * @param size How many the reads before it were to ask for.
 * @param n How many the last one got.
 * @param before How many the one before that got: what is a little longer than
 * a read comes in two, and the second is no reason to ask for less.
 * @param asked How many it asked for.
 */
export function nextReadSize(
  size: number,
  n: number,
  before: number,
  asked: number,
): number {
  if (n === asked) return Math.min(2 * size, MAX_READ); // there may be more
  // More than an idle connection may keep is for a steady stream alone, as the
  // next read may wait for long.
  if (size > MAX_IDLE_BYTES) return MAX_IDLE_BYTES;
  const isSmall = 8 * n < asked && 8 * before < asked;
  return isSmall ? Math.max(size / 2, FIRST_READ) : size;
}
