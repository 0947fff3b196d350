/**
 * TLS by `node:tls`, for what the runtime's own TLS lacks: certificates of
 * clients, Unix sockets, the server's side of `startTls`, and what is known of
 * the peer. It stands on connections of the runtime. Loaded on first use.
 *
 * @module
 */
import type {
  ConnectionOptions,
  SecureContext,
  TlsOptions as NodeTlsOptions,
} from "node:tls";
import { checkCertificates } from "./certificates.ts";
import { ConnDuplex, type Early } from "./conn_duplex.ts";
import { NodeTlsConn } from "./node_tls_conn.ts";
import { fromHandshakeError } from "./tls_error.ts";
import type { Listener } from "../socket/listener.ts";
import type { ServerTlsOptions, TlsOptions } from "../tls_options.ts";

const { connect, createSecureContext, createServer } = globalThis.process
  .getBuiltinModule("node:tls");
const { isIP } = globalThis.process.getBuiltinModule("node:net");

/** Longer than any handshake: `shakeHands` has the time limit. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Starts TLS on `raw` as its client. If it cannot, `handshake` rejects, and `raw`
 * is closed.
 *
 * @param early What was read of it before.
 */
export function startNodeTls(
  raw: Deno.Conn,
  tls: TlsOptions,
  hostname: string,
  early?: readonly Early[],
): NodeTlsConn {
  return onConn(raw, early, { isClient: true }, (duplex, conn) => {
    checkCertificates(tls);
    const socket = connect(clientOptions(duplex, tls, hostname));
    socket.once("secureConnect", () => conn.secured(socket));
    socket.on("error", (error) => conn.failed(fromHandshakeError(error)));
    socket.once("close", () => conn.failed(closedInHandshake()));
  });
}

/**
 * Starts TLS on `raw` as its server; as {@linkcode startNodeTls}.
 *
 * @param early What was read of it before.
 */
export function acceptNodeTls(
  raw: Deno.Conn,
  tls: ServerTlsOptions,
  early?: readonly Early[],
): NodeTlsConn {
  return onConn(raw, early, { isClient: false }, (duplex, conn) => {
    checkCertificates(tls);
    accept(duplex, conn, serverOptions(tls));
  });
}

/** Encrypts what a listener accepts; the certificates are checked already. */
export function encrypting(
  listener: Listener,
  tls: ServerTlsOptions,
): Listener {
  const options = serverOptions(tls);
  return {
    sockname: listener.sockname,
    close: () => listener.close(),
    accept: async () => {
      const raw = await listener.accept();
      return onConn(raw, [], { isClient: false }, (duplex, conn) => {
        accept(duplex, conn, options);
      });
    },
  };
}

function onConn(
  raw: Deno.Conn,
  early: readonly Early[] | undefined,
  side: { isClient: boolean },
  start: (duplex: ConnDuplex, conn: NodeTlsConn) => void,
): NodeTlsConn {
  const duplex = new ConnDuplex(raw, early);
  const conn = new NodeTlsConn(raw, duplex, side);
  try {
    start(duplex, conn);
  } catch (error) {
    conn.failed(error);
  }
  return conn;
}

/**
 * A server of its own for each connection is how `node:tls` checks the client's
 * certificate: a bare `TLSSocket` accepts any.
 */
function accept(
  duplex: ConnDuplex,
  conn: NodeTlsConn,
  options: NodeTlsOptions,
): void {
  const server = createServer(options);
  server.on("secureConnection", (socket) => conn.secured(socket));
  server.on(
    "tlsClientError",
    (error) => conn.failed(handshakeError(error, duplex)),
  );
  server.emit("connection", duplex);
}

function clientOptions(
  socket: ConnDuplex,
  tls: TlsOptions,
  hostname: string,
): ConnectionOptions {
  return {
    socket,
    ...namedBy(tls.serverName ?? hostname),
    secureContext: contextOf(tls),
    ...(tls.alpnProtocols && { ALPNProtocols: tls.alpnProtocols }),
  };
}

/**
 * With `caCerts` beside the usual ones. The option `ca` would replace these, and
 * to list them takes a permission (`--allow-sys=ca`).
 */
function contextOf({ cert, key, caCerts = [] }: TlsOptions): SecureContext {
  const secureContext = createSecureContext({
    ...(cert !== undefined && { cert, key: key! }),
  });
  for (const each of caCerts) secureContext.context.addCACert(each);
  return secureContext;
}

/** A name is told to the server, an address only looked for. */
function namedBy(host: string): { host: string; servername?: string } {
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

function serverOptions(tls: ServerTlsOptions): NodeTlsOptions {
  return {
    cert: tls.cert,
    key: tls.key,
    handshakeTimeout: NO_TIMEOUT_MS,
    ...(tls.alpnProtocols && { ALPNProtocols: tls.alpnProtocols }),
    ...(tls.requestCert && {
      requestCert: true,
      rejectUnauthorized: tls.rejectUnauthorized ?? true,
      ca: tls.caCerts ?? [],
    }),
  };
}

/** The runtime closes the connection of a client that it does not trust. */
function handshakeError(error: Error, duplex: ConnDuplex): unknown {
  const isOwn = (error as { code?: string }).code === "ECONNRESET" &&
    !duplex.hasEnded;
  return isOwn
    ? new Deno.errors.InvalidData("the client's certificate is not trusted")
    : fromHandshakeError(error);
}

function closedInHandshake(): Error {
  return new Deno.errors.UnexpectedEof("tls handshake eof");
}
