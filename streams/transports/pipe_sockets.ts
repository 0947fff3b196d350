/** @module */
import type { TransportSocket } from "./transport_socket.ts";
import { WebSink } from "../web/web_sink.ts";
import { WebSource } from "../web/web_source.ts";

/** A Web Stream that is read, as a socket of one direction. */
export class ReadPipeSocket implements TransportSocket {
  readonly #stream: ReadableStream<Uint8Array>;
  readonly #source: WebSource;
  #hasEnded = false;

  /** @throws {TypeError} `stream` is none, or locked. */
  constructor(stream: ReadableStream<Uint8Array>) {
    this.#stream = stream;
    this.#source = new WebSource(stream);
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    const n = await this.#source.read(buffer);
    this.#hasEnded = n === null;
    return n;
  }

  abort(): void {
    if (!this.#hasEnded) this.#source.cancel(undefined).catch(() => {});
  }

  info(name: string): unknown {
    return name === "pipe" ? this.#stream : undefined;
  }
}

/** A Web Stream that is written to. */
export class WritePipeSocket implements TransportSocket {
  readonly #stream: WritableStream<Uint8Array<ArrayBuffer>>;
  readonly #sink: WebSink;
  #hasEnded = false;

  /** @throws {TypeError} `stream` is none, or locked. */
  constructor(stream: WritableStream<Uint8Array<ArrayBuffer>>) {
    this.#stream = stream;
    this.#sink = new WebSink(stream);
  }

  get closed(): Promise<void> {
    return this.#sink.closed;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#sink.write(bytes);
  }

  /** The end of this direction is the end. */
  confirmEnd(): Promise<void> {
    this.#hasEnded = true;
    return this.#sink.close();
  }

  abort(): void {
    if (this.#hasEnded) return;
    this.#sink.abort(
      new Deno.errors.ConnectionAborted("the transport was aborted"),
    );
  }

  info(name: string): unknown {
    return name === "pipe" ? this.#stream : undefined;
  }
}
