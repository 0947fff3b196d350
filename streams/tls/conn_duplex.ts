/** @module */
import { Duplex } from "node:stream";

/** How much is read at a time, in bytes. */
const READ_BYTES = 65536;

/** What was read before: bytes, or what a read under way will bring. */
export type Early = Uint8Array | Promise<Uint8Array | null>;

/**
 * A connection as Node's streams want it, for TLS to stand on.
 *
 * - Its end is not passed on: for TLS, the end of the connection is the same as
 *   the goodbye of the peer, but without a goodbye it may have been cut off.
 * - `node:tls` on a stream holds neither side back: so this does. It reads only
 *   while {@linkcode isFull} is false, and says when all is written.
 */
export class ConnDuplex extends Duplex {
  /** Called at the end of the connection. */
  onEnd: () => void = () => {};
  /** Whether enough was read that TLS has not given away. */
  isFull: () => boolean = () => false;
  readonly #conn: Deno.Conn;
  readonly #early: Early[];
  #hasEnded = false;
  /** A read was asked for, but it is full. */
  #isHeld = false;
  /** Called when everything is written, or with the error if it cannot be. */
  #onIdle: ((error?: Error | null) => void)[] = [];
  #isWriting = false;
  /** Why nothing can be written any more. */
  #failure: Error | undefined;

  constructor(conn: Deno.Conn, early: readonly Early[] = []) {
    super();
    this.#conn = conn;
    this.#early = [...early];
    this.on("error", () => {}); // who reads or writes is told
  }

  /** Whether the peer has ended the connection, or has broken it off. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** It may not be full any more. */
  readOn(): void {
    if (!this.#isHeld || this.isFull()) return;
    this.#isHeld = false;
    void this.#read();
  }

  /** Resolves when everything that was given to it is written. */
  written(): Promise<void> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (!this.#isWriting && this.writableLength === 0) return Promise.resolve();
    return new Promise((resolve, reject) => {
      this.#onIdle.push((error) => error ? reject(error) : resolve());
    });
  }

  override _read(): void {
    this.#isHeld = this.isFull();
    if (!this.#isHeld) void this.#read();
  }

  override _write(
    chunk: Uint8Array,
    _encoding: unknown,
    done: (error?: Error | null) => void,
  ): void {
    this.#isWriting = true;
    const written = (error?: Error | null) => {
      this.#isWriting = false;
      done(error);
      if (error || this.writableLength === 0) this.#idle(error);
    };
    this.#writeAll(chunk).then(() => written(), written);
  }

  override _destroy(
    error: Error | null,
    done: (error?: Error | null) => void,
  ): void {
    try {
      this.#conn.close();
    } catch {
      // it is closed already
    }
    this.#failure = error ?? new Deno.errors.BadResource("Bad resource ID");
    this.#idle(this.#failure);
    done(error);
  }

  async #read(): Promise<void> {
    try {
      const bytes = await (this.#early.shift() ?? this.#readMore());
      if (bytes !== null) {
        this.push(bytes);
        return;
      }
      this.#hasEnded = true;
      this.onEnd();
    } catch (error) {
      this.#hasEnded = true;
      this.destroy(error as Error);
    }
  }

  async #readMore(): Promise<Uint8Array | null> {
    const memory = new Uint8Array(READ_BYTES);
    const n = await this.#conn.read(memory);
    return n === null ? null : memory.subarray(0, n);
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    for (let sent = 0; sent < chunk.length;) {
      sent += await this.#conn.write(chunk.subarray(sent));
    }
  }

  #idle(error?: Error | null): void {
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resume of waiting) resume(error);
  }
}
