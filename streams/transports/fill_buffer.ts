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
 * Copies the bytes of `source` from `from` to `to` into the protocol's memory,
 * as many as fit, and returns their number.
 */
export function fill(
  protocol: BufferedProtocol,
  source: Uint8Array<ArrayBuffer>,
  from: number,
  to: number,
): number {
  const memory = protocol.getBuffer(to - from);
  if (!(memory instanceof Uint8Array) || memory.length === 0) {
    throw new TypeError(
      `Cannot receive: getBuffer returns a Uint8Array that is not empty, received ${
        describe(memory)
      }`,
    );
  }
  const count = Math.min(memory.length, to - from);
  memory.set(source.subarray(from, from + count));
  protocol.bufferUpdated(count);
  return count;
}
