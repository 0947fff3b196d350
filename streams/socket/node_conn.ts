/** @module */
import type { Socket } from "node:net";

const ERRORS: Readonly<Record<string, new (message: string) => Error>> = {
  EADDRINUSE: Deno.errors.AddrInUse,
  EADDRNOTAVAIL: Deno.errors.AddrNotAvailable,
  ECONNABORTED: Deno.errors.ConnectionAborted,
  ECONNREFUSED: Deno.errors.ConnectionRefused,
  ECONNRESET: Deno.errors.ConnectionReset,
  EHOSTUNREACH: Deno.errors.NetworkUnreachable,
  ENETUNREACH: Deno.errors.NetworkUnreachable,
  ENOTCONN: Deno.errors.NotConnected,
  EPIPE: Deno.errors.BrokenPipe,
  ETIMEDOUT: Deno.errors.TimedOut,
};

/** An error of Node's API as the runtime's own API throws it. */
export function fromNodeError(error: unknown): unknown {
  const type = ERRORS[(error as { code?: string }).code ?? ""];
  if (type === undefined) return error;
  const { message } = error as Error;
  return Object.assign(new type(message), { cause: error });
}

/**
 * A socket of Node's API as one of the runtime's: for what the runtime's own API
 * lacks.
 */
export class NodeConn<S extends Socket = Socket>
  implements Deno.Conn<Deno.NetAddr> {
  readonly localAddr: Deno.NetAddr;
  readonly remoteAddr: Deno.NetAddr;
  protected readonly socket: S;
  #rest: Uint8Array | null = null;
  #isOver = false;
  #error: unknown;
  /** Ends the wait of the read under way. */
  #wake: () => void = ignore;

  /** @param socket May not be read by others. */
  constructor(
    socket: S,
    addresses: { localAddr: Deno.NetAddr; remoteAddr: Deno.NetAddr },
  ) {
    this.socket = socket;
    this.localAddr = addresses.localAddr;
    this.remoteAddr = addresses.remoteAddr;
    socket.on("readable", () => this.#wake());
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("error", (error) => {
      this.#error ??= fromNodeError(error);
      this.#end();
    });
  }

  async read(buffer: Uint8Array): Promise<number | null> {
    for (;;) {
      const chunk: Uint8Array | null = this.#rest ?? this.socket.read();
      if (chunk !== null) return this.#give(chunk, buffer);
      if (this.#error !== undefined) throw this.#error;
      if (this.#isOver) return null;
      await new Promise<void>((resolve) => this.#wake = resolve);
    }
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#call((done) => this.socket.write(bytes, done), bytes.length);
  }

  closeWrite(): Promise<void> {
    return this.#call((done) => this.socket.end(done), undefined);
  }

  close(): void {
    this.socket.destroy();
  }

  ref(): void {
    this.socket.ref();
  }

  unref(): void {
    this.socket.unref();
  }

  setNoDelay(noDelay = true): void {
    this.socket.setNoDelay(noDelay);
  }

  setKeepAlive(keepAlive = true): void {
    this.socket.setKeepAlive(keepAlive);
  }

  get readable(): ReadableStream<Uint8Array<ArrayBuffer>> {
    return new ReadableStream({
      type: "bytes",
      pull: async (controller) => {
        const memory = new Uint8Array(65536);
        const n = await this.read(memory);
        if (n === null) controller.close();
        else controller.enqueue(memory.subarray(0, n));
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

  #give(chunk: Uint8Array, buffer: Uint8Array): number {
    const n = Math.min(chunk.length, buffer.length);
    buffer.set(n === chunk.length ? chunk : chunk.subarray(0, n));
    this.#rest = n === chunk.length ? null : chunk.subarray(n);
    return n;
  }

  #call<T>(
    call: (done: (error?: Error | null) => void) => void,
    value: T,
  ): Promise<T> {
    return new Promise((resolve, reject) => {
      call((error) => {
        if (!error) resolve(value);
        else reject(this.#error ?? fromNodeError(error));
      });
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#wake();
  }
}

function ignore(): void {}
