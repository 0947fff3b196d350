/** @module */
import type { ConnectionHandler } from "./connection_handler.ts";
import type { ServeOptions, UnixServeOptions } from "./serve_options.ts";
import type { Server } from "./server.ts";
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";

const sockets = new LazyModule(() => import("./socket/serve_streams.ts"));

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
