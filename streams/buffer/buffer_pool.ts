/**
 * Memory for buffers. What is large is not kept by whoever is idle, or
 * thousands of connections would hold what each has needed once. Some of it is
 * kept for all of them, as to allocate and clear it takes longer than to fill
 * it.
 *
 * @module
 */

/** What a buffer may keep while it is empty, in bytes. */
export const MAX_IDLE_BYTES = 1 << 16;
/** Memory that is larger comes and goes. */
const MAX_POOLED_LENGTH = 1 << 20;
/** How much is kept for all, in bytes. */
const MAX_POOLED_BYTES = 1 << 24;

/** What is in nobody's hands, by its length: the powers of 2 in between. */
const spare = new Map<number, Uint8Array<ArrayBuffer>[]>();
for (
  let length = 2 * MAX_IDLE_BYTES;
  length <= MAX_POOLED_LENGTH;
  length *= 2
) {
  spare.set(length, []);
}
let spareBytes = 0;

/** Gives at least `n` bytes, and less than twice as many; they may be used. */
export function allocate(n: number): Uint8Array<ArrayBuffer> {
  if (n <= MAX_IDLE_BYTES || n > MAX_POOLED_LENGTH) return new Uint8Array(n);
  const length = 1 << (32 - Math.clz32(n - 1));
  const memory = spare.get(length)!.pop();
  if (memory === undefined) return new Uint8Array(length);
  spareBytes -= length;
  return memory;
}

/** Takes back memory that nobody else holds. */
export function release(memory: Uint8Array<ArrayBuffer>): void {
  const { length } = memory;
  if (spareBytes + length > MAX_POOLED_BYTES) return;
  const others = spare.get(length);
  if (others === undefined) return;
  others.push(memory);
  spareBytes += length;
}
