/** @module */
import { some } from "../framing/decoders.ts";
import type { BufferedSource } from "../buffer/buffered_source.ts";
import type { ByteBuffer } from "../buffer/byte_buffer.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";

/** How much is read for a consumer that brings no memory of its own. */
const CHUNK = 1 << 18;

/**
 * A byte stream of what comes in. Nothing is read ahead, so what the consumer
 * does not ask for stays where it is, also when it cancels.
 */
export function readableOf(
  source: BufferedSource,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  let controller: ReadableByteStreamController;
  return new ReadableStream({
    type: "bytes",
    start(it): void {
      controller = it;
    },
    async pull(): Promise<void> {
      const what = "StreamReader.readable";
      await detached(() => source.read(what, handOver, undefined, controller));
    },
    cancel(reason): Promise<void> | undefined {
      source.giveUp(controller, true);
      return source.cancel(reason);
    },
  });
}

/**
 * Hands bytes over at once, not when the promise of the read has settled: a cancel
 * of the stream in between would lose them.
 */
function handOver(
  buffer: ByteBuffer,
  eof: boolean,
  controller: ReadableByteStreamController,
): true | undefined {
  // Another consumer may have come since the pull, with less memory.
  const view = controller.byobRequest?.view;
  const bytes = some(buffer, eof, view?.byteLength ?? CHUNK);
  if (bytes === undefined) return undefined;
  if (bytes.length > 0) {
    // Not into the memory of the request: one that was let go by its consumer
    // would take it, and not tell the next.
    controller.enqueue(bytes);
  } else {
    controller.close();
    controller.byobRequest?.respond(0); // or its read would wait for ever
  }
  return true;
}
