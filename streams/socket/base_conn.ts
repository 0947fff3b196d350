/** @module */

/** What every connection has that can be read, written and closed. */
export abstract class BaseConn implements Disposable {
  /** As `Deno.Conn.read`. */
  abstract read(buffer: Uint8Array): Promise<number | null>;
  /** As `Deno.Conn.write`. */
  abstract write(bytes: Uint8Array): Promise<number>;
  /** As `Deno.Conn.closeWrite`. */
  abstract closeWrite(): Promise<void>;
  /** As `Deno.Conn.close`. */
  abstract close(): void;

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const memory = new Uint8Array(65536);
        const n = await this.read(memory);
        if (n !== null) return controller.enqueue(memory.subarray(0, n));
        controller.close();
        controller.byobRequest?.respond(0); // or its read would wait for ever
      },
      cancel: () => this.close(),
    });
  }

  get writable(): WritableStream<Uint8Array<ArrayBufferLike>> {
    return new WritableStream({
      write: async (chunk) => void await this.write(chunk),
      close: () => this.closeWrite(),
      abort: () => this.close(),
    });
  }

  [Symbol.dispose](): void {
    this.close();
  }
}
