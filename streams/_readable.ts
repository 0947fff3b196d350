/** @module */
import { detached } from "../tasks/detached.ts";

/** How much is read for a consumer that brings no memory of its own. */
const CHUNK = 65536;

/** What is shown as a Web Stream. */
export interface Readable {
  /** Gives some bytes, none at the end. */
  read(n: number): Promise<Uint8Array>;
  /** Ends the read that is under way, with no bytes. */
  giveUp(): void;
}

/**
 * A byte stream of what can be read. Nothing is read ahead, so what the consumer does not ask for stays with the source, also
 * when it cancels.
 */
export function readableOf(source: Readable): ReadableStream<Uint8Array> {
  let cancelled = false;
  return new ReadableStream({
    type: "bytes",
    async pull(controller): Promise<void> {
      const view = controller.byobRequest?.view;
      const bytes = await detached(() =>
        source.read(view?.byteLength ?? CHUNK)
      );
      if (cancelled) return;
      if (bytes.length === 0) {
        controller.close();
        controller.byobRequest?.respond(0);
      } else if (view) {
        new Uint8Array(view.buffer, view.byteOffset).set(bytes);
        controller.byobRequest!.respond(bytes.length);
      } else {
        controller.enqueue(bytes as Uint8Array<ArrayBuffer>);
      }
    },
    cancel(): void {
      cancelled = true;
      source.giveUp();
    },
  });
}
