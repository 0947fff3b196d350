/**
 * Memory for buffers. An idle connection keeps no large memory, or thousands of
 * them would hold what each has needed once. Some is kept here, for all of them: to
 * allocate and clear it takes longer than to fill it, and what was used last is
 * still in the cache.
 *
 * @module
 */

/** What a buffer may keep while it is empty, in bytes. */
export const MAX_IDLE_BYTES = 1 << 16;
/** The lengths are powers of 2, from this one on. */
const MIN_LENGTH = 1 << 9;
/** Memory that is larger comes and goes. */
const MAX_LENGTH = 1 << 20;
/** How much is kept for all, in bytes. */
const MAX_POOLED_BYTES = 1 << 24;

/** The memory that is kept, by the logarithm of its length. */
const spare: Uint8Array<ArrayBuffer>[][] = Array.from({ length: 32 }, () => []);
let spareBytes = 0;

/**
 * Returns memory of at least `n` bytes: the next power of 2. It may hold bytes of
 * its last owner.
 */
export function allocate(n: number): Uint8Array<ArrayBuffer> {
  if (n > MAX_LENGTH) return new Uint8Array(n);
  const log = n <= MIN_LENGTH ? 9 : 32 - Math.clz32(n - 1);
  const memory = spare[log]!.pop();
  if (memory === undefined) return new Uint8Array(1 << log);
  spareBytes -= memory.length;
  return memory;
}

/** Takes back memory that nothing else holds. */
export function release(memory: Uint8Array<ArrayBuffer>): void {
  const { length } = memory;
  if (length < MIN_LENGTH || length > MAX_LENGTH) return;
  if (spareBytes + length > MAX_POOLED_BYTES) return;
  const log = 31 - Math.clz32(length);
  if (length !== 1 << log) return;
  spare[log]!.push(memory);
  spareBytes += length;
}
