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
