/** @module */
import type { Server } from "./server.ts";
import type { StreamReader } from "./stream_reader.ts";
import type { StreamWriter } from "./stream_writer.ts";
import type { ServerTlsOptions } from "./tls_options.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";

const sockets = new LazyModule(() => import("./socket/serve_streams.ts"));

/**
 * Serves a client, in a task of its own. When it has returned, the connection stays
 * open for other tasks that use it; see {@linkcode Server}. An error closes it.
 */
export type ConnectionHandler = (
  reader: StreamReader,
  writer: StreamWriter,
) => unknown;

/** Where {@linkcode startServer} listens, and how it serves. */
export interface ServeOptions extends WaitOptions {
  /**
   * The address to listen on, or a name: then all addresses of that name.
   * `"0.0.0.0"`, every IPv4 address of the machine, unless given, or empty.
   */
  hostname?: string | undefined;
  /** The TCP port; 0, or left out: a free one. */
  port?: number | undefined;
  /** In place of host and port: the path of a Unix socket. */
  path?: string | undefined;
  /** The certificate to show: connections are encrypted. */
  tls?: ServerTlsOptions | undefined;
  /** How long a line may be, in bytes: 65536 unless given. */
  limit?: number | undefined;
  /**
   * Whether small writes leave at once (TCP_NODELAY); true unless given. With
   * `tls` only if given: the runtime cannot set it on an encrypted connection,
   * so that goes through `node:tls`, which takes more time.
   */
  noDelay?: boolean | undefined;
  /**
   * Whether a silent connection is probed (SO_KEEPALIVE); false unless given.
   * With `tls` it goes through `node:tls`, as `noDelay`.
   */
  keepAlive?: boolean | undefined;
  /**
   * How many clients the system lets wait to be accepted: 511 unless given. Of a
   * Unix socket the runtime chooses it; a client for which there is no room
   * waits in {@linkcode openUnixConnection}.
   */
  backlog?: number | undefined;
  /**
   * Whether several processes may listen on the same port; false unless given.
   * The runtime wants the flag `--unstable-net` for it.
   */
  reusePort?: boolean | undefined;
  /**
   * With so many connections, no more clients are accepted until one is closed.
   * Clients in their TLS handshake do not count yet.
   */
  maxConnections?: number | undefined;
  /**
   * With `path`: who may connect, as the mode of the socket's file. It is in
   * force before the first client can connect. 0o600 is this user alone, 0o666
   * everybody; unless given, it is what the process leaves to new files.
   */
  mode?: number | undefined;
  /**
   * How long a client may take for its TLS handshake, in milliseconds: 60 000
   * unless given. Then its connection is dropped. (The runtime holds the socket
   * of a client that says nothing until that goes away.)
   */
  handshakeTimeout?: number | undefined;
}

/** Where {@linkcode startUnixServer} listens, and how it serves. */
export type UnixServeOptions =
  & Pick<
    ServeOptions,
    | "limit"
    | "backlog"
    | "maxConnections"
    | "mode"
    | "tls"
    | "handshakeTimeout"
    | "signal"
  >
  & {
    /** The path of the socket. */
    path: string;
  };

/**
 * Starts a server: over TCP, with `tls` encrypted, with `path` on a Unix
 * socket. Every client gets a task, named by its address, that runs `handler`.
 * Mirrors `asyncio.start_server`.
 *
 * **Cancel safety:** given up, nothing is left listening.
 *
 * @throws {TypeError} `handler` is no function; `path` is none, or there is a
 * port as well; `tls` without both `cert` and `key`, or with `caCerts` or
 * `rejectUnauthorized` and no `requestCert`.
 * @throws {RangeError} The port is none, the limit or `handshakeTimeout` is 0 or
 * less, `maxConnections` below 1, or `mode` not between 0o600 and 0o777.
 * @throws {Deno.errors.AddrInUse} The address is in use.
 * @throws {Deno.errors.NotSupported} `reusePort` without `--unstable-net`.
 * @throws {Deno.errors.InvalidData} The certificate or the key is not valid.
 * @throws {InvalidStateError} The run has ended.
 *
 * @example An echo
 * ```ts
 * import { openConnection, startServer } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * await using server = await startServer(async (reader, writer) => {
 *   for await (const line of reader) {
 *     writer.write(line);
 *     await writer.drain();
 *   }
 *   writer.close();
 * }, { hostname: "127.0.0.1" });
 *
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const { reader, writer } = await openConnection({ port });
 * writer.write("hello\n");
 * writer.writeEof();
 * assertEquals(new TextDecoder().decode(await reader.read()), "hello\n");
 * ```
 */
export function startServer(
  handler: ConnectionHandler,
  options: ServeOptions,
): Promise<Server> {
  return sockets.use(
    ({ serveStreams }) => serveStreams(handler, options),
    options,
  );
}

/**
 * Starts a server on a Unix socket. Mirrors `asyncio.start_unix_server`.
 *
 * A file that a crashed server has left is replaced; one that a server listens
 * at is an error, and so is any other file. At the end it is removed, if it is
 * still the server's own.
 *
 * **Cancel safety:** given up, nothing is left listening.
 *
 * @throws {TypeError} `handler` is no function, or `path` no path.
 * @throws {Deno.errors.AddrInUse} The address is in use, or it is no socket.
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
export function startUnixServer(
  handler: ConnectionHandler,
  options: UnixServeOptions,
): Promise<Server> {
  return sockets.use(
    ({ serveUnixStreams }) => serveUnixStreams(handler, options),
    options,
  );
}
