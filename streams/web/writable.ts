/** @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";

/** What is shown as a Web Stream. */
export interface Writable {
  write(data: Uint8Array): void;
  drain(options: WaitOptions): Promise<void>;
  /**
   * Says that no more comes, and waits until everything is sent; until it is
   * closed, where that closes it.
   */
  end(): Promise<void>;
  abort(): void;
}

/** A stream whose backpressure is that of `target`. */
export function writableOf(target: Writable): WritableStream<Uint8Array> {
  return new WritableStream({
    write(chunk, controller): Promise<void> {
      target.write(chunk);
      // The signal: or an abort would wait for a peer that reads no more.
      return detached(() => target.drain({ signal: controller.signal }));
    },
    close: () => detached(() => target.end()),
    abort: () => target.abort(),
  });
}
