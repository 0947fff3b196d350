/**
 * TLS by `node:tls`, for what the runtime's own TLS lacks: certificates of
 * clients, Unix sockets, the server's side of `startTls`, and what is known of
 * the peer. It stands on connections of the runtime. Loaded on first use.
 *
 * @module
 */
import type { ConnectionOptions, TlsOptions as NodeTlsOptions } from "node:tls";
import { checkCertificates } from "./certificates.ts";
import { ConnDuplex, type Early } from "./conn_duplex.ts";
import { NodeTlsConn } from "./node_tls_conn.ts";
import { fromNodeError } from "../socket/node_conn.ts";
import type { Listener } from "../socket/tcp_listener.ts";
import type { ServerTlsOptions, TlsOptions } from "../tls_options.ts";

const { connect, createServer, getCACertificates } = globalThis.process
  .getBuiltinModule("node:tls");
const { isIP } = globalThis.process.getBuiltinModule("node:net");

/** Longer than any handshake: the time limit is another's affair. */
const NO_TIMEOUT_MS = 2 ** 31 - 1;

/**
 * Starts TLS on `raw` as its client.
 *
 * @param early What was read of it before.
 */
export function startNodeTls(
  raw: Deno.Conn,
  tls: TlsOptions,
  hostname: string,
  early?: readonly Early[],
): NodeTlsConn {
  checkCertificates(tls);
  const duplex = new ConnDuplex(raw, early);
  const conn = new NodeTlsConn(raw, duplex);
  const options: ConnectionOptions = {
    socket: duplex,
    ...namedBy(tls.serverName ?? hostname),
    ...(tls.caCerts && {
      ca: [...getCACertificates("default"), ...tls.caCerts],
    }),
    ...(tls.alpnProtocols && { ALPNProtocols: tls.alpnProtocols }),
    ...(tls.cert && { cert: tls.cert, key: tls.key! }),
  };
  const socket = connect(options);
  socket.once("secureConnect", () => conn.secured(socket));
  socket.on("error", (error) => conn.failed(fromTlsError(error)));
  socket.once("close", () => conn.failed(closedInHandshake()));
  return conn;
}

/**
 * Starts TLS on `raw` as its server.
 *
 * A server of its own for each connection is how `node:tls` checks the client's
 * certificate: a bare `TLSSocket` takes any.
 *
 * @param early What was read of it before.
 */
export function acceptNodeTls(
  raw: Deno.Conn,
  tls: ServerTlsOptions,
  early?: readonly Early[],
): NodeTlsConn {
  checkCertificates(tls);
  return accept(raw, tls, early);
}

function accept(
  raw: Deno.Conn,
  tls: ServerTlsOptions,
  early?: readonly Early[],
): NodeTlsConn {
  const duplex = new ConnDuplex(raw, early);
  const conn = new NodeTlsConn(raw, duplex);
  const server = createServer(serverOptions(tls));
  server.on("secureConnection", (socket) => conn.secured(socket));
  server.on("tlsClientError", (error) => conn.failed(refusal(error, duplex)));
  server.emit("connection", duplex);
  return conn;
}

/** A name is told to the server, an address only looked for. */
function namedBy(host: string): { host: string; servername?: string } {
  return isIP(host) === 0 ? { host, servername: host } : { host };
}

/** Encrypts what a listener accepts; the certificates are checked already. */
export function encrypting(
  listener: Listener,
  tls: ServerTlsOptions,
): Listener {
  return {
    sockname: listener.sockname,
    close: () => listener.close(),
    accept: async () => accept(await listener.accept(), tls),
  };
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
      ...(tls.caCerts && { ca: tls.caCerts }),
    }),
  };
}

/** The runtime closes the connection of a client that it does not trust. */
function refusal(error: Error, duplex: ConnDuplex): unknown {
  const isOwn = (error as { code?: string }).code === "ECONNRESET" &&
    !duplex.hasEnded;
  return isOwn
    ? new Deno.errors.InvalidData("the client's certificate is not trusted")
    : fromTlsError(error);
}

/** A certificate that is not trusted is `InvalidData`, as by the runtime. */
function fromTlsError(error: Error): unknown {
  const known = fromNodeError(error);
  if (known !== error || !(error instanceof Error)) return known;
  return new Deno.errors.InvalidData(error.message, { cause: error });
}

function closedInHandshake(): Error {
  return new Deno.errors.UnexpectedEof("tls handshake eof");
}
