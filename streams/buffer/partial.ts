/** @module */
import type { ByteBuffer } from "./byte_buffer.ts";

/** The kinds of errors that can be made again with the same message. */
const PLAIN: readonly unknown[] = [
  Error,
  TypeError,
  RangeError,
  ...Object.values(Deno.errors),
];

/**
 * The error for a read that was ended by `error` before it was complete, with
 * the bytes that were there as `partial`. They are taken out of the buffer.
 *
 * It is a new error of the same kind, as `error` itself may be given to many.
 * An error of a class of its own cannot be made again: it is given the bytes
 * itself.
 */
export function withPartial(error: unknown, buffer: ByteBuffer): unknown {
  if (buffer.size === 0 || !(error instanceof Error)) return error;
  const partial = { value: buffer.takeAll(), enumerable: true };
  const type = error.constructor as ErrorConstructor;
  const own = PLAIN.includes(type)
    ? new type(error.message, { cause: error })
    : error;
  return Object.defineProperty(own, "partial", {
    ...partial,
    configurable: true,
  });
}
