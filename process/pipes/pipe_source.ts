/** @module */
import type { ByteSource } from "../../streams/buffer/source_and_sink.ts";

/**
 * How much is read ahead of the reader once the program has ended; a pipe holds
 * less.
 */
const READ_AHEAD = 1 << 20;

/**
 * The pipe that a program writes to. It is read on demand, so that a program
 * that writes faster than it is read waits.
 */
export class PipeSource implements ByteSource {
  /** Is called when bytes have come. */
  onBytes: (() => void) | undefined = undefined;
  /** Whether the pipe is closed, at one end or the other. */
  closed = false;
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  readonly #onClose: () => void;
  /** What has come and is not taken. */
  readonly #chunks: Uint8Array[] = [];
  #reading: Promise<void> | undefined = undefined;

  constructor(pipe: ReadableStream<Uint8Array>, onClose: () => void) {
    this.#reader = pipe.getReader();
    this.#onClose = onClose;
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    while (this.#chunks.length === 0) {
      if (this.closed) return null;
      await (this.#reading ??= this.#readChunk());
    }
    const chunk = this.#chunks[0]!;
    const n = Math.min(chunk.length, buffer.length);
    buffer.set(n === chunk.length ? chunk : chunk.subarray(0, n));
    if (n === chunk.length) this.#chunks.shift();
    else this.#chunks[0] = chunk.subarray(n);
    return n;
  }

  /**
   * Takes what is left out of the pipe, so that it is closed though nobody
   * reads.
   */
  async readAhead(): Promise<void> {
    let left = READ_AHEAD;
    while (!this.closed && left > 0) {
      await (this.#reading ??= this.#readChunk());
      left -= this.#chunks.at(-1)?.length ?? 0;
    }
  }

  /**
   * Closes the pipe: who writes to it is told so, and readers find the end
   * after what has come.
   */
  close(): void {
    if (this.closed) return;
    this.#end();
    this.#reader.cancel().catch(() => {});
  }

  async #readChunk(): Promise<void> {
    try {
      const { done, value } = await this.#reader.read();
      if (done) return this.#end();
      this.#chunks.push(value);
      this.onBytes?.();
    } catch (error) {
      this.#end();
      throw error;
    } finally {
      this.#reading = undefined;
    }
  }

  #end(): void {
    if (this.closed) return;
    this.closed = true;
    this.#onClose();
  }
}
