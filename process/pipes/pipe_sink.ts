/** The pipe to the input of a program. @module */
import type { ByteSink } from "../../streams/buffer/source_and_sink.ts";

/** The pipe that a program reads from. */
export class PipeSink implements ByteSink {
  readonly oneWay = true;
  readonly #pid: number;
  #closed = false;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;

  /** @param pid The number of the program. */
  constructor(pipe: WritableStream<Uint8Array>, pid: number) {
    this.#pid = pid;
    this.#writer = pipe.getWriter();
    // If the program stops reading, writes reject: that is enough.
    this.#writer.closed.catch(() => {});
    this.#writer.ready.catch(() => {});
  }

  info(name: string): unknown {
    return name === "pid" ? this.#pid : undefined;
  }

  async write(bytes: Uint8Array): Promise<number> {
    await this.writeAll(bytes);
    return bytes.length;
  }

  writeAll(bytes: Uint8Array): Promise<void> {
    return this.#writer.write(bytes);
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    await this.#writer.close();
  }

  /**
   * Closes the pipe. The runtime does that after a write under way, which ends when
   * all readers of the pipe have ended, at the latest.
   */
  abort(): void {
    this.#closed = true;
    this.#writer.abort(new Deno.errors.BrokenPipe("the pipe is closed"))
      .catch(() => {});
  }
}
