/** @module */
import type { BufferedProtocol, StreamProtocol } from "./protocols.ts";
import { describe } from "../../tasks/kernel/types.ts";

/** The protocol, if it has memory of its own. */
export function bufferedOf(
  protocol: StreamProtocol,
): BufferedProtocol | undefined {
  return "getBuffer" in protocol ? protocol : undefined;
}

/**
 * Asks the protocol for memory for `sizeHint` bytes; it may be less or more.
 * @throws {TypeError} It is no memory, or empty.
 */
export function memoryOf(
  protocol: BufferedProtocol,
  sizeHint: number,
): Uint8Array {
  const memory: unknown = protocol.getBuffer(sizeHint);
  if (memory instanceof Uint8Array && memory.length > 0) return memory;
  throw new TypeError(
    `Cannot receive: getBuffer returns a Uint8Array that is not empty, received ${
      memory instanceof Uint8Array ? "an empty one" : describe(memory)
    }`,
  );
}

/**
 * Copies the bytes of `source` from `from` to `to` into `memory`, as many as
 * fit, and returns their number.
 */
export function fill(
  memory: Uint8Array,
  source: Uint8Array,
  from: number,
  to: number,
): number {
  const count = Math.min(memory.length, to - from);
  memory.set(source.subarray(from, from + count));
  return count;
}
