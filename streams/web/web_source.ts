/** @module */
import type { ByteSource } from "../buffer/source_and_sink.ts";
import { describe } from "../../tasks/kernel/types.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";

/**
 * A Web Stream as a source. Its callbacks run in the context of the code that
 * reads, and go on when the read that has called is given up: they belong to no task.
 */
export class WebSource implements ByteSource {
  readonly #reader: ReadableStreamDefaultReader<Uint8Array>;
  /** What did not fit. */
  #rest: Uint8Array | undefined;

  /** @throws {TypeError} `stream` is none, or locked. */
  constructor(stream: ReadableStream<Uint8Array>) {
    if (typeof stream?.getReader !== "function") {
      throw new TypeError(
        `Cannot read: expected a ReadableStream, received ${describe(stream)}`,
      );
    }
    this.#reader = stream.getReader();
    this.#reader.closed.catch(() => {}); // the next read says it
  }

  cancel(reason: unknown): Promise<void> {
    return detached(() => this.#reader.cancel(reason));
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    let chunk = this.#rest;
    while (chunk === undefined || chunk.length === 0) {
      const { done, value } = await detached(() => this.#reader.read());
      if (done) return null;
      if (!(value instanceof Uint8Array)) {
        throw new TypeError(
          `Cannot read: expected a stream of Uint8Array, received a chunk of ${
            describe(value)
          }: text goes through a TextEncoderStream first`,
        );
      }
      chunk = value;
    }
    const n = Math.min(chunk.length, buffer.length);
    buffer.set(chunk.subarray(0, n));
    this.#rest = chunk.subarray(n);
    return n;
  }
}
