/** @module */
import { Duplex } from "node:stream";
import { clearTimeout, setTimeout } from "node:timers";

/** The size of a read, in bytes. */
const READ_BYTES = 65536;

/** What was read before TLS: bytes, or what a read under way brings. */
export type Early = Uint8Array | Promise<Uint8Array | null>;

/**
 * A connection as Node's streams want it, for TLS to stand on.
 *
 * - It does not pass on its end. `node:tls` treats the end of the stream as a
 *   close_notify of the peer, but without one the connection may have been cut.
 * - It has the backpressure: `node:tls` on a stream has none. It reads only while
 *   {@linkcode isFull} is false, and tells when everything is written.
 */
export class ConnDuplex extends Duplex {
  /** Called at the end of the connection. */
  onEnd: () => void = () => {};
  /** Whether as much is decrypted and unread as may be. */
  isFull: () => boolean = () => false;
  readonly #conn: Deno.Conn;
  readonly #early: Early[];
  #hasEnded = false;
  /** A read is due once it is not full. */
  #isHeld = false;
  #received = 0;
  /** Called when bytes or the end have come, or it is destroyed. */
  #onReceived: (() => void)[] = [];
  /** Called when everything is written, or with the error if that fails. */
  #onIdle: ((error?: Error | null) => void)[] = [];
  #isWriting = false;
  /** Why nothing can be written now. */
  #failure: Error | undefined;

  constructor(conn: Deno.Conn, early: readonly Early[] = []) {
    super();
    this.#conn = conn;
    this.#early = [...early];
    this.on("error", () => {}); // reads and writes reject with it
  }

  /** Whether the peer has ended or reset the connection. */
  get hasEnded(): boolean {
    return this.#hasEnded;
  }

  /** How many bytes have come. */
  get received(): number {
    return this.#received;
  }

  /** Resolves when more bytes than `before` or the end have come, or after `ms`. */
  async receivedMore(before: number, ms: number): Promise<void> {
    if (this.#received > before || this.#hasEnded || this.destroyed) return;
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#onReceived.push(() => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Reads on if it is not full now. */
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
    this.#wakeReceivers();
    done(error);
  }

  async #read(): Promise<void> {
    try {
      const bytes = await (this.#early.shift() ?? this.#readMore());
      if (bytes !== null) {
        this.#received += bytes.length;
        this.push(bytes);
      } else {
        this.#hasEnded = true;
        this.onEnd();
      }
      this.#wakeReceivers();
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

  #wakeReceivers(): void {
    const waiting = this.#onReceived;
    this.#onReceived = [];
    for (const wake of waiting) wake();
  }

  #idle(error?: Error | null): void {
    const waiting = this.#onIdle;
    this.#onIdle = [];
    for (const resume of waiting) resume(error);
  }
}
