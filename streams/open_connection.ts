/** @module */
import type { StreamReader } from "./stream_reader.ts";
import type { StreamWriter } from "./stream_writer.ts";
import type { TlsOptions } from "./tls_options.ts";
import type { WaitOptions } from "../tasks/kernel/types.ts";
import { LazyModule } from "../tasks/kernel/wait/lazy_module.ts";

const sockets = new LazyModule(() => import("./socket/open_streams.ts"));

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
  /**
   * Whether small writes leave at once (TCP_NODELAY); true unless given. With a
   * client's certificate only if given: that goes through `node:tls` then.
   */
  noDelay?: boolean | undefined;
  /**
   * Whether a silent connection is probed (SO_KEEPALIVE); false unless given.
   */
  keepAlive?: boolean | undefined;
  /**
   * The IP address of this machine to connect from. It and `family` go through
   * `node:net`.
   */
  localAddress?: string | undefined;
  /** Only the addresses of this family: of IPv4 or of IPv6. */
  family?: 4 | 6 | undefined;
  /**
   * A name may have several addresses: how long one is tried alone before the
   * next is tried beside it (RFC 8305), in milliseconds; 250 unless given.
   */
  happyEyeballsDelay?: number | undefined;
  /**
   * How long the TLS handshake may take, in milliseconds: 60 000 unless given.
   */
  handshakeTimeout?: number | undefined;
}

/** How {@linkcode openUnixConnection} connects. */
export type UnixConnectOptions = Pick<
  ConnectOptions,
  "limit" | "tls" | "handshakeTimeout" | "signal"
>;

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
