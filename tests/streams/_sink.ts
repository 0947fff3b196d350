import { StreamWriter } from "@asyncio/asyncio/streams";
import { text } from "./_sockets.ts";

/**
 * A stream that keeps what is written to it, and can be made to wait or fail.
 */
export class Sink {
  readonly chunks: string[] = [];
  closed = false;
  aborted = false;
  /** What a write waits for. */
  gate: Promise<void> = Promise.resolve();
  readonly writer: StreamWriter;

  constructor() {
    const write = async (chunk: Uint8Array) => {
      await this.gate;
      this.chunks.push(text(chunk));
    };
    this.writer = StreamWriter.from(
      new WritableStream({
        write,
        close: () => void (this.closed = true),
        abort: () => void (this.aborted = true),
      }),
    );
  }

  /** Lets writes wait until the returned function is called. */
  block(): () => void {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.gate = promise;
    return resolve;
  }
}

export const MUCH = "x".repeat(65537);
