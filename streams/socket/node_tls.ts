/**
 * TLS by `node:tls`, for what the runtime's own API lacks. Loaded on first use.
 *
 * @module
 */
import type { Socket as NodeSocket } from "node:net";
import { Duplex } from "node:stream";
import type { ConnectionOptions, TLSSocket } from "node:tls";
import { fromNodeError, NodeConn } from "./node_conn.ts";
import type { TlsOptions } from "../tls_options.ts";

const READ = 65536;

/** A connection that is encrypted by `node:tls`. */
class NodeTlsConn extends NodeConn<TLSSocket> implements Deno.TlsConn {
  readonly #handshake: Promise<Deno.TlsHandshakeInfo>;

  constructor(socket: TLSSocket, raw: Deno.Conn, isServer: boolean) {
    super(socket, raw as Deno.Conn<Deno.NetAddr>);
    this.#handshake = new Promise((resolve, reject) => {
      // The client's event comes after the server's certificate was checked.
      socket.once(isServer ? "secure" : "secureConnect", () => {
        resolve(infoOf(socket));
      });
      socket.once("error", (error) => reject(fromTlsError(error)));
      const ended = () =>
        reject(new Deno.errors.UnexpectedEof("unexpected end of file"));
      socket.once("end", ended);
      socket.once("close", ended);
    });
    this.#handshake.catch(() => {}); // whoever asks is told
  }

  handshake(): Promise<Deno.TlsHandshakeInfo> {
    return this.#handshake;
  }
}

function infoOf({ alpnProtocol }: TLSSocket): Deno.TlsHandshakeInfo {
  return { alpnProtocol: alpnProtocol || null };
}

/** A certificate that is not trusted is `InvalidData`, as by the runtime. */
function fromTlsError(error: Error): unknown {
  const known = fromNodeError(error);
  if (known !== error) return known;
  return new Deno.errors.InvalidData(error.message, { cause: error });
}

/**
 * Starts TLS on `raw` as its client.
 *
 * @param early What a read that is under way will bring; `null` for the end.
 */
export function startNodeTls(
  raw: Deno.Conn,
  tls: TlsOptions,
  hostname: string,
  early?: Promise<Uint8Array | null>,
): Deno.TlsConn {
  const { connect, getCACertificates } = globalThis.process.getBuiltinModule(
    "node:tls",
  );
  const options: ConnectionOptions = {
    socket: new ConnDuplex(raw, early),
    servername: tls.serverName ?? hostname,
    ...(tls.caCerts && {
      ca: [...getCACertificates("default"), ...tls.caCerts],
    }),
    ...(tls.alpnProtocols && { ALPNProtocols: tls.alpnProtocols }),
    ...(tls.cert && { cert: tls.cert, key: tls.key! }),
  };
  return new NodeTlsConn(connect(options), raw, false);
}

/**
 * Starts TLS on `raw` as its server.
 *
 * @param early What a read that is under way will bring; `null` for the end.
 */
export function acceptNodeTls(
  raw: Deno.Conn,
  tls: TlsOptions & { cert: string; key: string },
  early?: Promise<Uint8Array | null>,
): Deno.TlsConn {
  const { TLSSocket } = globalThis.process.getBuiltinModule("node:tls");
  const duplex = new ConnDuplex(raw, early);
  const socket = new TLSSocket(duplex as unknown as NodeSocket, {
    isServer: true,
    cert: tls.cert,
    key: tls.key,
    ...(tls.alpnProtocols && { ALPNProtocols: tls.alpnProtocols }),
  });
  return new NodeTlsConn(socket, raw, true);
}

/** A connection as Node's streams want it. */
class ConnDuplex extends Duplex {
  readonly #conn: Deno.Conn;
  #early: Promise<Uint8Array | null> | undefined;

  constructor(conn: Deno.Conn, early?: Promise<Uint8Array | null>) {
    super();
    this.#conn = conn;
    this.#early = early;
  }

  override _read(): void {
    const reading = this.#early ?? this.#readMore();
    this.#early = undefined;
    reading.then(
      (bytes) => this.push(bytes),
      (error) => this.destroy(error),
    );
  }

  override _write(
    chunk: Uint8Array,
    _encoding: unknown,
    done: (error?: Error | null) => void,
  ): void {
    this.#writeAll(chunk).then(() => done(), done);
  }

  override _final(done: (error?: Error | null) => void): void {
    this.#conn.closeWrite().then(() => done(), done);
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
    done(error);
  }

  async #readMore(): Promise<Uint8Array | null> {
    const memory = new Uint8Array(READ);
    const n = await this.#conn.read(memory);
    return n === null ? null : memory.subarray(0, n);
  }

  async #writeAll(chunk: Uint8Array): Promise<void> {
    for (let sent = 0; sent < chunk.length;) {
      sent += await this.#conn.write(chunk.subarray(sent));
    }
  }
}
