/** @module */
import type { ByteSink } from "../streams/_byte_ends.ts";

/** The pipe that a program reads from. */
export class PipeSink implements ByteSink {
  /** Whether the pipe is closed from this end. */
  closed = false;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly #onClose: () => void;

  constructor(pipe: WritableStream<Uint8Array>, onClose: () => void) {
    this.#writer = pipe.getWriter();
    this.#onClose = onClose;
    // A program that stops reading fails the writes, and that is enough.
    this.#writer.closed.catch(() => {});
    this.#writer.ready.catch(() => {});
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#writer.write(bytes);
    return bytes.length;
  }

  closeWrite(): Promise<void> {
    return this.close();
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.#end();
    await this.#writer.close();
  }

  /** The runtime closes the pipe only after a write under way, which ends at the latest when nobody can read any more. */
  abort(): void {
    this.#end();
    this.#writer.abort(new Deno.errors.BrokenPipe("the pipe is closed"))
      .catch(() => {});
  }

  #end(): void {
    if (this.closed) return;
    this.closed = true;
    this.#onClose();
  }
}
