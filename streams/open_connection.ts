/** @module */
import type { ConnectOptions, UnixConnectOptions } from "./connect_options.ts";
import type { Streams } from "./streams.ts";
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";

const sockets = new LazyModule(() => import("./socket/open_streams.ts"));

/**
 * Connects to a server: over TCP, with `tls` encrypted, with `path` over a Unix
 * socket. Mirrors `asyncio.open_connection`.
 *
 * It settles when the connection can be used: with `tls` after the handshake,
 * so that a certificate that is not trusted is an error here.
 *
 * Disposed of (`await using`), it is closed when everything is sent, as its
 * writer is. A connection opened in a `run` is closed at its end at the latest:
 * what the peer takes at once is still sent.
 *
 * **Cancel safety:** given up, it rejects at once, and leaves nothing open. (A
 * socket in the middle of a TLS handshake is closed when the peer answers or
 * goes away: the runtime holds it until then.)
 *
 * @throws {TypeError} Neither a port nor a path is given, or both are;
 * `hostname`, `localAddress` and `family` do not go together.
 * @throws {RangeError} The port is none, or the limit, `handshakeTimeout` or
 * `happyEyeballsDelay` is 0 or less.
 * @throws {TimeoutError} The TLS handshake took longer than
 * `handshakeTimeout`.
 * @throws {Deno.errors.ConnectionRefused} No server listens there.
 * @throws {Deno.errors.AddrNotAvailable} `localAddress` is none of this machine.
 * @throws {Deno.errors.NotCapable} The program may not connect there.
 * @throws {Deno.errors.InvalidData} The server's certificate is not trusted, or
 * not for this name.
 * @throws {InvalidStateError} The run has ended.
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
export function openConnection(
  options: ConnectOptions,
): Promise<Streams & AsyncDisposable> {
  return sockets.use(({ openStreams }) => openStreams(options), options);
}

/**
 * Connects to a server on a Unix socket. Mirrors
 * `asyncio.open_unix_connection`.
 *
 * **Cancel safety:** given up, it rejects at once, and leaves nothing open.
 *
 * @throws {TypeError} `path` is no path of a Unix socket.
 * @throws {Deno.errors.NotFound} There is no such file.
 * @throws {Deno.errors.ConnectionRefused} No server listens there.
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
): Promise<Streams & AsyncDisposable> {
  return sockets.use(
    ({ openUnixStreams }) => openUnixStreams(path, options),
    options,
  );
}
