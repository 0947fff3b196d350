/** @module */
import { show } from "./_address.ts";
import type { ByteSink, ByteSource } from "./_byte_ends.ts";
import { checkTlsOptions, Encryption, startTls } from "./_encryption.ts";
import type { Intake } from "./_intake.ts";
import { perform } from "./_operation.ts";
import type { Outlet } from "./_outlet.ts";
import { intakeOf, readerOver, type StreamReader } from "./stream_reader.ts";
import { outletOf, type StreamWriter, writerOver } from "./stream_writer.ts";
import type { TlsOptions } from "./tls_options.ts";
import { isCancelled } from "../tasks/errors.ts";
import { detached } from "../tasks/detached.ts";
import { sleep } from "../tasks/sleep.ts";
import type { WaitOptions } from "../tasks/types.ts";
import { quiet } from "../tasks/waiter.ts";

/**
 * Turns in which the runtime has looked for I/O at least once, also where there
 * is always something to do: it does so every 61st.
 */
const IO_TURNS = 64;
/** How much of what is unread is taken at the close, in bytes; as asyncio. */
const UNREAD = 131072;

/** What a connection is made of. */
export interface ConnectionParts {
  conn: Deno.Conn;
  /** The facts of its handshake; left out where it is plain. */
  tls?: Deno.TlsHandshakeInfo | undefined;
  limit?: number | undefined;
  /**
   * The addresses that are shown, where those of `conn` are not the ones that
   * its users know.
   */
  peername?: Deno.Addr | undefined;
  sockname?: Deno.Addr | undefined;
  /** The host that a client has asked for: it may start TLS later. */
  hostname?: string | undefined;
}

/**
 * A socket with its reader and writer: the one source and sink that has two
 * directions.
 *
 * Each ends on its own. When both have ended, the socket is closed: nothing
 * more can come of it.
 */
export class Connection implements ByteSource, ByteSink, AsyncDisposable {
  readonly reader: StreamReader;
  readonly writer: StreamWriter;
  #parts: ConnectionParts;
  readonly #onClosed: (connection: Connection) => void;
  readonly #intake: Intake;
  readonly #outlet: Outlet;
  /** The handshake under way; it alone may touch the socket. */
  #encryption: Encryption | undefined;
  /** Everything is sent, and the end is near. */
  #closing = false;
  #closed = false;
  #readEnded = false;
  #writeEnded = false;

  constructor(
    parts: ConnectionParts,
    onClosed: (connection: Connection) => void,
  ) {
    this.#parts = parts;
    this.#onClosed = onClosed;
    this.reader = readerOver(this, { limit: parts.limit });
    this.writer = writerOver(this, {
      info: (name) => this.#info(name),
      readError: () => this.#intake.error,
      startTls: (options) => quiet(this.#startTls(options)),
    });
    this.#intake = intakeOf(this.reader);
    this.#outlet = outletOf(this.writer);
  }

  /** Closes it, if the peer is out of reach. */
  closeIfLost(): void {
    this.#outlet.endIfLost();
  }

  /** The peer, where it has an address that says something. */
  get name(): string {
    return show(this.#info("peername") as Deno.Addr);
  }

  /**
   * What was written goes first: the peer may wait for it, and whoever reads
   * now has nothing to add.
   */
  read(buffer: Uint8Array): Promise<number | null> {
    this.#outlet.flush();
    return this.#parts.conn.read(buffer);
  }

  ended(): void {
    this.#readEnded = true;
    this.#closeWhenEnded();
  }

  failed(error: unknown): boolean {
    if (this.#closing || this.#closed) return false; // it is our own end
    this.#outlet.lose(error);
    this.ended();
    return true;
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#parts.conn.write(bytes);
  }

  lost(): void {
    this.#closeWhenEnded();
  }

  /**
   * TLS ends both directions at once, as most peers understand it; and so it is
   * already while it is being started.
   */
  get closeWrite(): (() => Promise<void>) | undefined {
    const plain = this.#parts.tls === undefined &&
      this.#encryption === undefined;
    return plain ? this.#closeWrite : undefined;
  }

  #closeWrite = async (): Promise<void> => {
    await this.#parts.conn.closeWrite();
    this.#writeEnded = true;
    this.#closeWhenEnded();
  };

  async close(): Promise<void> {
    if (this.#parts.tls !== undefined) {
      // Says goodbye, so that the peer knows that nothing was cut off; one that
      // is gone need not hear it.
      await this.#parts.conn.closeWrite().catch(() => {});
    }
    await this.#takeUnread();
    this.abort();
  }

  /**
   * Takes what is there: the system answers the close of a socket with bytes
   * unread by a reset, and drops what is still on its way to the peer.
   */
  async #takeUnread(): Promise<void> {
    this.#closing = true;
    const { buffer } = this.#intake;
    const came = () => buffer.position + buffer.size;
    const most = came() + UNREAD;
    let before = -1;
    while (!this.#readEnded && before < came() && before < most) {
      before = came();
      this.#intake.readAhead();
      await detached(() => sleep(0)); // in which what is there comes
    }
  }

  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#encryption === undefined) this.#close();
    else this.#encryption.abandon();
    this.#onClosed(this);
  }

  /** By our own will, unless it was lost: then the reader fails, and not ends. */
  #close(): void {
    try {
      this.#parts.conn.close();
    } catch (error) {
      // A user who has got at it has closed it before.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
    if (this.#outlet.error === undefined) this.#intake.end();
  }

  /** Closes it, sends what the peer takes at once, and drops the rest. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.writer.close();
    for (let turn = 0; turn < IO_TURNS && !this.#closed; turn++) {
      await detached(() => sleep(0));
    }
    this.writer.abort();
  }

  #closeWhenEnded(): void {
    if (!this.#readEnded) return;
    if (this.#writeEnded) this.writer.close();
    else this.closeIfLost();
  }

  #info(name: string): unknown {
    const { conn, tls, peername, sockname } = this.#parts;
    switch (name) {
      case "peername":
        return peername ?? conn.remoteAddr;
      case "sockname":
        return sockname ?? conn.localAddr;
      case "conn":
        return conn;
      case "tls":
        return tls;
      default:
        return undefined;
    }
  }

  async #startTls(options: TlsOptions & WaitOptions = {}): Promise<void> {
    checkTlsOptions(options);
    if (options.cert !== undefined) {
      throw new TypeError(
        "startTls cannot show a client's certificate, `tls` of openConnection can",
      );
    }
    this.#checkUpgrade();
    await this.#outlet.flushed(options);
    this.#checkUpgrade();
    const hostname = this.#parts.hostname!;
    const tcp = this.#parts.conn as Deno.TcpConn;
    const encryption = new Encryption(
      "StreamWriter.startTls",
      () => startTls(tcp, options, hostname),
      options.serverName ?? hostname,
    );
    this.#encryption = encryption;
    this.#intake.hold();
    this.#outlet.hold();
    try {
      this.#parts = {
        ...this.#parts,
        ...await perform(encryption, options),
      };
    } catch (error) {
      if (encryption.started) this.#lose(error);
      throw error;
    } finally {
      this.#encryption = undefined;
      this.#intake.release();
      this.#outlet.release();
    }
  }

  /** @throws {Error} TLS cannot be started now; nothing is changed. */
  #checkUpgrade(): void {
    const refusal = this.#parts.tls !== undefined
      ? "the connection is encrypted"
      : this.#parts.hostname === undefined
      ? "this is not the client of a TCP connection"
      : this.#encryption !== undefined
      ? "it is being started"
      : this.writer.isClosing
      ? "the writer is closed"
      : this.#outlet.ended
      ? "writeEof was called before"
      : !this.#intake.untouched
      ? "a read is pending, or bytes are unread"
      : undefined;
    if (refusal !== undefined) {
      throw new Error(`startTls: ${refusal}`);
    }
  }

  /** The handshake has failed, and taken the socket with it. */
  #lose(cause: unknown): void {
    const error = isCancelled(cause)
      ? new Error("the TLS handshake was given up", { cause })
      : cause;
    this.abort();
    this.#outlet.lose(error);
    this.#intake.fail(error);
  }
}
