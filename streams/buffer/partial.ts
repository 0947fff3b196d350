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
  const type = error.constructor as ErrorConstructor;
  const own = PLAIN.includes(type)
    ? new type(error.message, { cause: error })
    : error;
  return givePartial(own, buffer.takeAll());
}

/** How many bytes of an error are printed with it. */
const MAX_PRINTED = 64;

/**
 * Defines `partial` of an error. Many bytes are behind a getter, so that what prints
 * the error, as a log does, prints `[Getter]` for them.
 */
export function givePartial<E extends Error>(error: E, partial: Uint8Array): E {
  return Object.defineProperty(error, "partial", {
    ...(partial.length > MAX_PRINTED
      ? { get: () => partial }
      : { value: partial }),
    enumerable: true,
    configurable: true,
  });
}
