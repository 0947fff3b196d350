/** @module */
import { TcpConnect, UnixConnect } from "./socket/connect.ts";
import type { SocketParts } from "./socket/socket.ts";
import { SocketConnection } from "./socket/socket_connection.ts";
import { checkTlsOptions } from "./socket/tls.ts";
import { checkLimit } from "./buffer/buffered_source.ts";
import { perform } from "./socket/operation.ts";
import { checkPath, checkPort } from "./address.ts";
import type { StreamReader } from "./stream_reader.ts";
import type { StreamWriter } from "./stream_writer.ts";
import type { TlsOptions } from "./tls_options.ts";
import { currentScope } from "../tasks/kernel/context/current_scope.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { ignoreCancelRejection } from "../tasks/kernel/wait/checkpoint.ts";

/** Both directions of a connection. */
export interface Streams {
  /** What the peer sends. */
  reader: StreamReader;
  /** What goes to the peer. */
  writer: StreamWriter;
}

/** Where {@linkcode openConnection} connects to, and how. */
export interface ConnectOptions extends WaitOptions {
  /** The host: a name, or an address. `"127.0.0.1"` unless given. */
  hostname?: string | undefined;
  /** The TCP port. */
  port?: number | undefined;
  /** In place of host and port: the path of a Unix socket. */
  path?: string | undefined;
  /** Whether, and how, the connection is encrypted. */
  tls?: boolean | TlsOptions | undefined;
  /** How long a line may be, in bytes: 65536 unless given. */
  limit?: number | undefined;
  /** Whether small writes leave at once (TCP_NODELAY); true unless given. */
  noDelay?: boolean | undefined;
  /**
   * Whether a silent connection is probed (SO_KEEPALIVE); false unless given.
   */
  keepAlive?: boolean | undefined;
}

/** How {@linkcode openUnixConnection} connects. */
export type UnixConnectOptions = Pick<ConnectOptions, "limit" | "signal">;

/**
 * Connects to a server: over TCP, with `tls` encrypted, with `path` over a Unix
 * socket. Mirrors `asyncio.open_connection`.
 *
 * It settles when the connection can be used: with `tls` after the handshake,
 * so that a certificate that is not trusted is an error here.
 *
 * A connection opened in a `run` is closed at its end at the latest: what the
 * peer takes at once is still sent.
 *
 * **Cancel safety:** given up, it rejects at once, and leaves nothing open. (A
 * socket in the middle of a TLS handshake is closed when the peer answers or
 * goes away: the runtime holds it until then.)
 *
 * @throws {TypeError} Neither a port nor a path is given, or both are; `tls`
 * with `path`, which the runtime cannot.
 * @throws {RangeError} The port is none, or the limit is 0 or less.
 * @throws {Deno.errors.ConnectionRefused} Nobody listens there.
 * @throws {Deno.errors.InvalidData} The server's certificate is not trusted, or
 * not for this name.
 *
 * @example
 * ```ts
 * import { openConnection, startServer } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await startServer(async (reader, writer) => {
 *   for await (const line of reader.lines()) writer.write(`you said ${line}\n`);
 *   writer.close();
 * }, { hostname: "127.0.0.1" });
 *
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const { reader, writer } = await openConnection({ port });
 * writer.write("hello\n");
 * const answer = await reader.readLine();
 * assertEquals(new TextDecoder().decode(answer), "you said hello\n");
 * writer.close();
 * await writer.waitClosed();
 * ```
 */
export function openConnection(options: ConnectOptions): Promise<Streams> {
  return ignoreCancelRejection(open(options));
}

async function open(options: ConnectOptions): Promise<Streams> {
  const { path, port, hostname = "127.0.0.1", limit } = options;
  if ((path === undefined) === (port === undefined)) {
    throw new TypeError(
      "openConnection takes a port or a path, found both or none",
    );
  }
  checkLimit(limit);
  const tls = tlsOptions(options.tls, hostname);
  if (path !== undefined) {
    checkPath(path);
    if (tls !== undefined) {
      throw new TypeError("TLS over a Unix socket is not possible");
    }
    return connected(await perform(new UnixConnect(path), options), limit);
  }
  checkPort(port);
  const { noDelay = true, keepAlive = false } = options;
  const target = { hostname, port, tls, noDelay, keepAlive };
  return connected(await perform(new TcpConnect(target), options), limit);
}

/**
 * Connects to a server on a Unix socket. Mirrors
 * `asyncio.open_unix_connection`.
 *
 * **Cancel safety:** given up, it rejects at once, and leaves nothing open.
 *
 * @throws {TypeError} It is no path.
 * @throws {Deno.errors.NotFound} There is no such file.
 * @throws {Deno.errors.ConnectionRefused} Nobody listens there.
 *
 * @example
 * ```ts
 * import { openUnixConnection, startUnixServer } from "@asyncio/asyncio/streams";
 *
 * const path = `${await Deno.makeTempDir()}/service.sock`;
 * await using server = await startUnixServer(
 *   (_reader, writer) => writer.close(),
 *   { path },
 * );
 * const { reader, writer } = await openUnixConnection(path);
 * await reader.read();
 * writer.close();
 * ```
 */
export function openUnixConnection(
  path: string,
  options?: UnixConnectOptions,
): Promise<Streams> {
  return ignoreCancelRejection(openUnix(path, options));
}

async function openUnix(
  path: string,
  options?: UnixConnectOptions,
): Promise<Streams> {
  checkPath(path);
  return await open({ ...options, path });
}

/** A client's connection ends with the run it was opened in. */
function connected(parts: SocketParts, limit?: number): Streams {
  const { resources } = currentScope().scheduler;
  const connection = new SocketConnection({ ...parts, limit });
  connection.onClosed = () => resources.delete(connection);
  resources.add(connection);
  const { reader, writer } = connection;
  return { reader, writer };
}

function tlsOptions(
  tls: ConnectOptions["tls"],
  hostname: string,
): TlsOptions | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) return {};
  checkTlsOptions(tls);
  if (
    tls.cert !== undefined && (tls.serverName ?? hostname) !== hostname
  ) {
    throw new TypeError(
      "with a client's certificate, the name of the server is the host connected to: leave serverName out",
    );
  }
  return tls;
}
