/** @module */
import type { ByteSink } from "./_byte_ends.ts";

function ignore(): void {}

/** A Web Stream as a sink. */
export class WebSink implements ByteSink {
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  readonly oneWay = true;

  /** @throws {TypeError} `stream` is locked. */
  constructor(stream: WritableStream<Uint8Array>) {
    this.#writer = stream.getWriter();
    this.#writer.closed.catch(ignore); // the next write says it
    this.#writer.ready.catch(ignore);
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.#writer.write(bytes.slice()); // a stream may keep what it is given
    return bytes.length;
  }

  close(): Promise<void> {
    return this.#writer.close();
  }

  abort(): void {
    this.#writer.abort().catch(ignore);
  }
}
