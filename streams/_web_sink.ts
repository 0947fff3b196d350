/** @module */
import type { ByteSink } from "./_byte_ends.ts";
import { detached } from "../tasks/detached.ts";

function ignore(): void {}

/**
 * A Web Stream as a sink. Its callbacks run in the context of who calls it, and
 * go on when the task that has written is cancelled: they belong to none.
 */
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
    const chunk = bytes.slice(); // a stream may keep what it is given
    await detached(() => this.#writer.write(chunk));
    return bytes.length;
  }

  close(): Promise<void> {
    return detached(() => this.#writer.close());
  }

  abort(): void {
    detached(() => this.#writer.abort()).catch(ignore);
  }
}
