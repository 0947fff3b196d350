/** @module */
import { describe } from "../tasks/kernel/types.ts";

const encoder = new TextEncoder();

/**
 * The bytes that are to be sent: text as UTF-8.
 *
 * @throws {TypeError} It is neither bytes nor text.
 */
export function bytesOf(data: unknown, action: string): Uint8Array {
  if (data instanceof Uint8Array) return data;
  if (typeof data === "string") return encoder.encode(data);
  throw new TypeError(
    `Cannot ${action}: expected a Uint8Array or text, received ${
      describe(data)
    }`,
  );
}

/**
 * The bytes of several pieces. All are looked at before the first is sent: a wrong
 * one sends none.
 *
 * @throws {TypeError} They are no iterable, or one is neither bytes nor text.
 */
export function allBytesOf(
  pieces: Iterable<Uint8Array | string>,
  action: string,
): Uint8Array[] {
  if (typeof pieces?.[Symbol.iterator] === "function") {
    return Array.from(pieces, (piece) => bytesOf(piece, action));
  }
  throw new TypeError(
    `Cannot ${action}: expected an iterable of Uint8Array or text, received ${
      describe(pieces)
    }`,
  );
}
