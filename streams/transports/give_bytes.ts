/** @module */
import type {
  BufferedProtocol,
  Protocol,
  StreamProtocol,
} from "./protocols.ts";
import { describe } from "../../tasks/kernel/types.ts";

/**
 * Hands bytes over to a protocol, and returns how many it has taken.
 *
 * @param buffered The protocol, if it has memory of its own.
 */
export function give(
  bytes: Uint8Array<ArrayBuffer>,
  protocol: StreamProtocol,
  buffered: BufferedProtocol | undefined,
): number {
  if (buffered !== undefined) return fill(buffered, bytes);
  (protocol as Protocol).dataReceived(bytes.slice());
  return bytes.length;
}

/** The protocol, if it has memory of its own. */
export function bufferedOf(
  protocol: StreamProtocol,
): BufferedProtocol | undefined {
  return "getBuffer" in protocol ? protocol : undefined;
}

/** Hands over as many bytes as fit into the protocol's memory. */
function fill(
  protocol: BufferedProtocol,
  bytes: Uint8Array<ArrayBuffer>,
): number {
  const memory = protocol.getBuffer(bytes.length);
  if (!(memory instanceof Uint8Array) || memory.length === 0) {
    throw new TypeError(
      `getBuffer returns a Uint8Array that is not empty, received ${
        describe(memory)
      }`,
    );
  }
  const count = Math.min(memory.length, bytes.length);
  memory.set(count === bytes.length ? bytes : bytes.subarray(0, count));
  protocol.bufferUpdated(count);
  return count;
}
