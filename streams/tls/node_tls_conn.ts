/** @module */
import { setImmediate } from "node:timers";
import type { TLSSocket } from "node:tls";
import type { ConnDuplex } from "./conn_duplex.ts";
import { fromTlsError } from "./tls_error.ts";
import { BaseConn } from "../socket/base_conn.ts";
import { NodeConn } from "../socket/node_conn.ts";

/** How long the end of a client waits for the server's tickets. */
const MAX_TICKETS_WAIT_MS = 1000;

/**
 * A connection that `node:tls` encrypts, with the interface of the runtime's own.
 */
export class NodeTlsConn extends BaseConn implements Deno.TlsConn {
  /** What is known of the peer; `undefined` before the handshake. */
  facts: TlsFacts | undefined;
  readonly #raw: Deno.Conn;
  readonly #duplex: ConnDuplex;
  readonly #isClient: boolean;
  /** How many bytes had come at the end of a handshake that tickets follow. */
  #beforeTickets: number | undefined;
  readonly #ready = Promise.withResolvers<SecureConn>();
  #secure: SecureConn | undefined;
  #isClosed = false;

  /**
   * The handshake ends by a call of {@linkcode secured} or {@linkcode failed}.
   *
   * @param raw The connection below.
   * @param duplex The same, as a stream.
   */
  constructor(
    raw: Deno.Conn,
    duplex: ConnDuplex,
    { isClient }: { isClient: boolean },
  ) {
    super();
    this.#raw = raw;
    this.#duplex = duplex;
    this.#isClient = isClient;
    this.#ready.promise.catch(() => {}); // `handshake` rejects
    duplex.onEnd = () =>
      this.failed(new Deno.errors.UnexpectedEof("tls handshake eof"));
  }

  /** The handshake has succeeded. */
  secured(socket: TLSSocket): void {
    this.facts = factsOf(socket);
    if (this.#isClient && socket.getProtocol() === "TLSv1.3") {
      this.#beforeTickets = this.#duplex.received;
    }
    this.#secure = new SecureConn(socket, this.#raw, this.#duplex);
    this.#ready.resolve(this.#secure);
  }

  /** The handshake has failed. */
  failed(error: unknown): void {
    this.#ready.reject(error);
    this.#duplex.destroy();
  }

  get localAddr(): Deno.NetAddr {
    return this.#raw.localAddr as Deno.NetAddr;
  }

  get remoteAddr(): Deno.NetAddr {
    return this.#raw.remoteAddr as Deno.NetAddr;
  }

  async handshake(): Promise<Deno.TlsHandshakeInfo> {
    await this.#ready.promise;
    return { alpnProtocol: this.facts!.alpnProtocol ?? null };
  }

  override async read(buffer: Uint8Array): Promise<number | null> {
    return await (await this.#open()).read(buffer);
  }

  override async write(bytes: Uint8Array): Promise<number> {
    return await (await this.#open()).write(bytes);
  }

  /**
   * In TLS 1.3 a server sends tickets when the handshake of the client is over
   * already. If the client were closed by then, the system would answer them by a
   * reset, and the server would lose what it has not read. So a client waits for
   * them, or for the server's end if it sends none.
   */
  override async closeWrite(): Promise<void> {
    await (await this.#open()).closeWrite();
    if (this.#beforeTickets === undefined) return;
    await this.#duplex.receivedMore(this.#beforeTickets, MAX_TICKETS_WAIT_MS);
  }

  override close(): void {
    this.#isClosed = true;
    this.#duplex.destroy();
    this.#secure?.interrupt();
  }

  #open(): Promise<SecureConn> {
    if (!this.#isClosed) return this.#ready.promise;
    return Promise.reject(new Deno.errors.BadResource("Bad resource ID"));
  }

  ref(): void {
    this.#raw.ref();
  }

  unref(): void {
    this.#raw.unref();
  }

  setNoDelay(noDelay = true): void {
    if ("setNoDelay" in this.#raw) {
      (this.#raw as Deno.TcpConn).setNoDelay(noDelay);
    }
  }

  setKeepAlive(keepAlive = true): void {
    if ("setKeepAlive" in this.#raw) {
      (this.#raw as Deno.TcpConn).setKeepAlive(keepAlive);
    }
  }
}

/** What is known of a peer after the handshake: see `getExtraInfo`. */
export interface TlsFacts {
  readonly alpnProtocol: string | undefined;
  readonly peerCertificate: object | undefined;
  readonly cipher: object;
}

function factsOf(socket: TLSSocket): TlsFacts {
  const certificate = socket.getPeerCertificate() as object | undefined;
  const hasCertificate = certificate !== undefined && "subject" in certificate;
  return {
    alpnProtocol: socket.alpnProtocol || undefined,
    peerCertificate: hasCertificate
      ? { ...certificate, authorized: socket.authorized }
      : undefined,
    cipher: socket.getCipher(),
  };
}

/** How much may be decrypted and unread, in bytes. */
const MAX_UNREAD_BYTES = 65536;

/** How much is encrypted at a time, in bytes. */
const MAX_WRITE_BYTES = 262144;

/** A socket after its handshake. */
class SecureConn extends NodeConn<TLSSocket> {
  readonly #duplex: ConnDuplex;
  #isCut = false;

  constructor(socket: TLSSocket, raw: Deno.Conn, duplex: ConnDuplex) {
    super(socket, raw as Deno.Conn<Deno.NetAddr>);
    this.#duplex = duplex;
    duplex.onEnd = () => this.wake();
    duplex.isFull = () => socket.readableLength >= MAX_UNREAD_BYTES;
  }

  override async read(buffer: Uint8Array): Promise<number | null> {
    const n = await super.read(buffer);
    this.#duplex.readOn();
    return n;
  }

  /** In parts, since the encrypted bytes are in memory as well. */
  override async write(bytes: Uint8Array): Promise<number> {
    const n = await super.write(bytes.subarray(0, MAX_WRITE_BYTES));
    await this.#duplex.written();
    return n;
  }

  protected override errorFrom(error: unknown): unknown {
    return fromTlsError(error);
  }

  /** Rejects the read under way, as the runtime does when it is closed. */
  interrupt(): void {
    this.fail(new Deno.errors.Interrupted("operation canceled"));
  }

  /**
   * Everything that came has been read. If the connection has ended, and
   * `node:tls` tells of no close_notify within a turn, it was cut.
   */
  protected override async more(): Promise<void> {
    if (!this.#duplex.hasEnded) return await super.more();
    if (this.#isCut) {
      this.fail(
        new Deno.errors.UnexpectedEof(
          "peer closed connection without sending TLS close_notify",
        ),
      );
    }
    this.#isCut = true;
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
