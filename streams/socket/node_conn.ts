/** @module */
import type { Socket } from "node:net";
import { BaseConn } from "./base_conn.ts";

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
  const { code = "", message } = error as Error & { code?: string };
  const type = ERRORS[code];
  if (type === undefined) return error;
  return Object.assign(new type(message), { cause: error, code });
}

/**
 * A socket of Node's API as one of the runtime's: for what the runtime's own API
 * lacks.
 */
export class NodeConn<S extends Socket = Socket> extends BaseConn
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
    super();
    this.socket = socket;
    this.localAddr = addresses.localAddr;
    this.remoteAddr = addresses.remoteAddr;
    socket.on("readable", () => this.#wake());
    socket.on("end", () => this.#end());
    socket.on("close", () => this.#end());
    socket.on("error", (error) => this.fail(this.errorFrom(error)));
  }

  override async read(buffer: Uint8Array): Promise<number | null> {
    for (;;) {
      const chunk: Uint8Array | null = this.#rest ?? this.socket.read();
      if (chunk !== null) return this.#give(chunk, buffer);
      if (this.#error !== undefined) throw this.#error;
      if (this.#isOver) return null;
      await this.more();
    }
  }

  /** Waits until there may be more to read. */
  protected more(): Promise<void> {
    return new Promise((resolve) => this.#wake = resolve);
  }

  /** There may be more to read, or an error. */
  protected wake(): void {
    this.#wake();
  }

  /** An error of the socket, as the runtime's own API throws it. */
  protected errorFrom(error: unknown): unknown {
    return fromNodeError(error);
  }

  /** Nothing more is read but this error. */
  protected fail(error: unknown): void {
    this.#error ??= error;
    this.#end();
  }

  override write(bytes: Uint8Array): Promise<number> {
    return this.#call((done) => this.socket.write(bytes, done), bytes.length);
  }

  override closeWrite(): Promise<void> {
    return this.#call((done) => this.socket.end(done), undefined);
  }

  override close(): void {
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
        else reject(this.#error ?? this.errorFrom(error));
      });
    });
  }

  #end(): void {
    this.#isOver = true;
    this.#wake();
  }
}

function ignore(): void {}
