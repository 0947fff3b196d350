/** @module */
import { formatAddress } from "../address.ts";
import type { TlsFacts } from "../tls/node_tls_conn.ts";
import type { ByteSink, ByteSource } from "../buffer/source_and_sink.ts";

/** What a connection is made of. */
export interface SocketParts {
  conn: Deno.Conn;
  /** The facts of its handshake; left out if it is plain. */
  tls?: Deno.TlsHandshakeInfo | undefined;
  /**
   * The addresses that are shown, if those of `conn` are not the ones that its
   * users know.
   */
  peername?: Deno.Addr | undefined;
  sockname?: Deno.Addr | undefined;
  /** The host that a client has asked for: TLS may be started later. */
  hostname?: string | undefined;
  /** Whether it was accepted by a server: then that is its side of TLS. */
  isAccepted?: boolean | undefined;
}

/** A socket of the runtime as source and sink, encrypted or not. */
export class Socket implements ByteSource, ByteSink {
  /** As a client knows it. */
  readonly hostname: string | undefined;
  readonly isAccepted: boolean;
  readonly #peername: Deno.Addr | undefined;
  readonly #sockname: Deno.Addr | undefined;
  #conn: Deno.Conn;
  #tls: Deno.TlsHandshakeInfo | undefined;
  /** The handshake that is under way: it alone may use the socket. */
  #upgrade: { abandon(): void } | undefined;

  constructor(parts: SocketParts) {
    this.hostname = parts.hostname;
    this.isAccepted = parts.isAccepted ?? false;
    this.#peername = parts.peername;
    this.#sockname = parts.sockname;
    this.#conn = parts.conn;
    this.#tls = parts.tls;
  }

  /** The peer, if it has an address that means something. */
  get name(): string {
    return formatAddress(this.#peername ?? this.#conn.remoteAddr);
  }

  get conn(): Deno.Conn {
    return this.#conn;
  }

  get isEncrypted(): boolean {
    return this.#tls !== undefined;
  }

  get isUpgrading(): boolean {
    return this.#upgrade !== undefined;
  }

  read(buffer: Uint8Array): Promise<number | null> {
    return this.#conn.read(buffer);
  }

  write(bytes: Uint8Array): Promise<number> {
    return this.#conn.write(bytes);
  }

  keepAlive(keeps: boolean): void {
    const conn = this.#conn as Deno.TcpConn;
    if (keeps) conn.ref();
    else conn.unref();
  }

  /**
   * TLS ends both directions at once, as most peers understand it; so it is
   * already while TLS is being started.
   */
  get closeWrite(): (() => Promise<void>) | undefined {
    const isPlain = !this.isEncrypted && !this.isUpgrading;
    return isPlain ? () => this.#conn.closeWrite() : undefined;
  }

  /** With TLS, a close_notify; a peer that has gone gets none. */
  confirmEnd(): Promise<void> | undefined {
    if (!this.isEncrypted) return undefined;
    return this.#conn.closeWrite().catch(() => {});
  }

  close(): void {
    this.abort();
  }

  abort(): void {
    if (this.#upgrade !== undefined) return this.#upgrade.abandon();
    try {
      this.#conn.close();
    } catch (error) {
      // The user has closed it, by `getExtraInfo("conn")`.
      if (!(error instanceof Deno.errors.BadResource)) throw error;
    }
  }

  beginUpgrade(upgrade: { abandon(): void }): void {
    this.#upgrade = upgrade;
  }

  /** @param parts Left out if it has failed. */
  endUpgrade(parts?: { conn: Deno.Conn; tls: Deno.TlsHandshakeInfo }): void {
    this.#upgrade = undefined;
    if (parts === undefined) return;
    this.#conn = parts.conn;
    this.#tls = parts.tls;
  }

  /** Known to `node:tls` alone. */
  get #facts(): TlsFacts | undefined {
    return (this.#conn as { facts?: TlsFacts }).facts;
  }

  /** See `StreamWriter.getExtraInfo`. */
  info(name: string): unknown {
    switch (name) {
      case "peername":
        return this.#peername ?? this.#conn.remoteAddr;
      case "sockname":
        return this.#sockname ?? this.#conn.localAddr;
      case "conn":
        return this.#conn;
      case "tls":
        return this.#tls;
      case "alpn":
        return this.#tls?.alpnProtocol ?? undefined;
      case "peercert":
        return this.#facts?.peerCertificate;
      case "cipher":
        return this.#facts?.cipher;
      default:
        return undefined;
    }
  }
}
