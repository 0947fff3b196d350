/**
 * What a read takes out of the buffer: a function that is called whenever bytes
 * come. `framing/decoders.ts` has one for each way of reading.
 *
 * @module
 */
import type { ByteBuffer } from "./byte_buffer.ts";

/**
 * Takes out of `buffer` what a read waits for, and returns it; `undefined` while it
 * is not complete. What it throws, the read rejects with.
 *
 * @param eof Whether no more bytes come.
 * @param argument What the read was given.
 */
export type Decode<T, A = undefined> = (
  buffer: ByteBuffer,
  eof: boolean,
  argument: A,
) => T | undefined | typeof END | typeof LATER | typeof SOON;

/** Returned for a read that is to resolve to `undefined`. */
export const END: unique symbol = Symbol("end");

/**
 * Returned by a function that needs no more bytes, but cannot take those that are
 * there yet. It lets `BufferedSource.retry` be called when it can.
 */
export const LATER: unique symbol = Symbol("later");

/**
 * Returned by a function that is to be called again in a microtask: until then,
 * what the code that runs now adds may complete it.
 */
export const SOON: unique symbol = Symbol("soon");
