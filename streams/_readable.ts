/** @module */
import type { Attempts } from "./_attempts.ts";
import type { Attempt, Intake } from "./_intake.ts";
import { detached } from "../tasks/detached.ts";

/** How much is read for a consumer that brings no memory of its own. */
const CHUNK = 1 << 18;

const EMPTY = new Uint8Array(0);

/**
 * A byte stream of what comes in. Nothing is read ahead, so what the consumer
 * does not ask for stays where it is, also when it cancels.
 */
export function readableOf(
  intake: Intake,
  attempts: Attempts,
): ReadableStream<Uint8Array> {
  let attempt: Attempt<Uint8Array> = () => undefined;
  let cancelled = false;
  return new ReadableStream({
    type: "bytes",
    async pull(controller): Promise<void> {
      const view = controller.byobRequest?.view;
      const n = view?.byteLength ?? CHUNK;
      attempt = () => attempts.some(n);
      const bytes = await detached(() =>
        intake.read("StreamReader.readable", attempt)
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
    cancel(reason): Promise<void> | undefined {
      cancelled = true;
      intake.giveUp(attempt, EMPTY);
      return intake.cancel(reason);
    },
  });
}
