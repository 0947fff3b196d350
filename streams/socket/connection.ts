/** @module */
import { show } from "../address.ts";
import type { ByteSink, ByteSource } from "../buffer/source_and_sink.ts";
import { checkTlsOptions, startTls, TlsHandshake } from "./tls.ts";
import type { BufferedSource } from "../buffer/buffered_source.ts";
import { perform } from "./operation.ts";
import type { BufferedSink } from "../buffer/buffered_sink.ts";
import { readerOver, sourceOf, type StreamReader } from "../stream_reader.ts";
import { sinkOf, type StreamWriter, writerOver } from "../stream_writer.ts";
import type { TlsOptions } from "../tls_options.ts";
import { isCancelled } from "../../tasks/kernel/errors.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { sleep } from "../../tasks/sleep.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { ignoreCancelRejection } from "../../tasks/kernel/wait/checkpoint.ts";

/**
 * Turns in which the runtime has looked for I/O at least once, also where there
 * is always something to do: it does so every 61st.
 */
const IO_TURNS = 64;
/** How much of what is unread is taken at the close, in bytes; as asyncio. */
const MAX_DISCARDED_AT_CLOSE = 131072;

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
  readonly #source: BufferedSource;
  readonly #sink: BufferedSink;
  /** The handshake under way; it alone may touch the socket. */
  #handshake: TlsHandshake | undefined;
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
      readError: () => this.#source.error,
      startTls: (options) => ignoreCancelRejection(this.#startTls(options)),
    });
    this.#source = sourceOf(this.reader);
    this.#sink = sinkOf(this.writer);
  }

  /** Closes it, if the peer is out of reach. */
  closeIfLost(): void {
    this.#sink.closeIfLost();
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
    this.#sink.flush();
    return this.#parts.conn.read(buffer);
  }

  ended(): void {
    this.#readEnded = true;
    this.#closeWhenEnded();
  }

  failed(error: unknown): boolean {
    if (this.#closing || this.#closed) return false; // it is our own end
    this.#sink.connectionLost(error);
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
      this.#handshake === undefined;
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
    const { buffer } = this.#source;
    const came = () => buffer.position + buffer.size;
    const most = came() + MAX_DISCARDED_AT_CLOSE;
    let before = -1;
    while (!this.#readEnded && before < came() && before < most) {
      before = came();
      this.#source.readAhead();
      await detached(() => sleep(0)); // in which what is there comes
    }
  }

  abort(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#handshake === undefined) this.#close();
    else this.#handshake.abandon();
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
    if (this.#sink.error === undefined) this.#source.end();
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
    await this.#sink.flushed(options);
    this.#checkUpgrade();
    const hostname = this.#parts.hostname!;
    const tcp = this.#parts.conn as Deno.TcpConn;
    const handshake = new TlsHandshake(
      "StreamWriter.startTls",
      () => startTls(tcp, options, hostname),
      options.serverName ?? hostname,
    );
    this.#handshake = handshake;
    this.#source.pause();
    this.#sink.pause();
    try {
      this.#parts = {
        ...this.#parts,
        ...await perform(handshake, options),
      };
    } catch (error) {
      if (handshake.started) this.#handshakeFailed(error);
      throw error;
    } finally {
      this.#handshake = undefined;
      this.#source.resume();
      this.#sink.resume();
    }
  }

  /** @throws {Error} TLS cannot be started now; nothing is changed. */
  #checkUpgrade(): void {
    const refusal = this.#parts.tls !== undefined
      ? "the connection is encrypted"
      : this.#parts.hostname === undefined
      ? "this is not the client of a TCP connection"
      : this.#handshake !== undefined
      ? "it is being started"
      : this.writer.isClosing
      ? "the writer is closed"
      : this.#sink.ended
      ? "writeEof was called before"
      : !this.#source.untouched
      ? "a read is pending, or bytes are unread"
      : undefined;
    if (refusal !== undefined) {
      throw new Error(`startTls: ${refusal}`);
    }
  }

  /** The handshake has failed, and taken the socket with it. */
  #handshakeFailed(cause: unknown): void {
    const error = isCancelled(cause)
      ? new Error("the TLS handshake was given up", { cause })
      : cause;
    this.abort();
    this.#sink.connectionLost(error);
    this.#source.fail(error);
  }
}
