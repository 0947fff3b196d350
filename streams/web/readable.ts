/** @module */
import type { Decoders } from "../framing/decoders.ts";
import type { BufferedSource, Decode } from "../buffer/buffered_source.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";

/** How much is read for a consumer that brings no memory of its own. */
const CHUNK = 1 << 18;

/**
 * A byte stream of what comes in. Nothing is read ahead, so what the consumer
 * does not ask for stays where it is, also when it cancels.
 */
export function readableOf(
  source: BufferedSource,
  decoders: Decoders,
): ReadableStream<Uint8Array> {
  let decode: Decode<true> = () => undefined;
  return new ReadableStream({
    type: "bytes",
    async pull(controller): Promise<void> {
      // Handed over at once, not when the promise has settled: a cancel of the
      // stream in between would lose the bytes.
      decode = (buffer, eof) => {
        // Another consumer may have come since the pull, with less memory.
        const view = controller.byobRequest?.view;
        const bytes = decoders.some(view?.byteLength ?? CHUNK, buffer, eof);
        if (bytes === undefined) return undefined;
        handOver(bytes, controller);
        return true;
      };
      await detached(() => source.read("StreamReader.readable", decode));
    },
    cancel(reason): Promise<void> | undefined {
      source.giveUp(decode, true);
      return source.cancel(reason);
    },
  });
}

function handOver(
  bytes: Uint8Array,
  controller: ReadableByteStreamController,
): void {
  if (bytes.length > 0) {
    // Not into the memory of the request: one that was let go by its consumer
    // would take it, and not tell the next.
    controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
  } else {
    controller.close();
    controller.byobRequest?.respond(0);
  }
}
