/** @module */
import { checkFactory } from "./check_protocol.ts";
import { type Connected, connected } from "./connected.ts";
import type { StreamProtocol } from "./protocols.ts";
import type { Transport } from "./transport.ts";
import { checkPath } from "../address.ts";
import type { ConnectOptions, UnixConnectOptions } from "../connect_options.ts";
import { connectSocket } from "../socket/open_streams.ts";
import { Socket } from "../socket/socket.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/**
 * Connects to a server: over TCP, with `tls` encrypted, with `path` over a Unix
 * socket. Mirrors `loop.create_connection`; `openConnection` is the same with
 * streams.
 *
 * When it resolves, `connectionMade` has been called; nothing is received
 * before the code that awaits it has gone on. A connection made in a `run` is
 * closed at its end at the latest.
 *
 * **Cancel safety:** a cancelled call leaves nothing open, and makes no
 * protocol.
 *
 * @param factory Makes the protocol, when the connection is there.
 *
 * @throws {TypeError} `factory` is no function, or makes no protocol; neither a
 * port nor a path is given, or both are.
 * @throws {Deno.errors.ConnectionRefused} Nothing listens there.
 * @throws {Deno.errors.InvalidData} The server's certificate is not trusted, or
 * not for this name.
 *
 * @example
 * ```ts
 * import {
 *   createConnection,
 *   createServer,
 *   Protocol,
 *   type Transport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { Future } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class Greeter extends Protocol {
 *   override connectionMade(transport: Transport) {
 *     transport.write("hello");
 *     transport.close();
 *   }
 * }
 *
 * class Collector extends Protocol {
 *   text = "";
 *   readonly closed = new Future<void>();
 *   override dataReceived(data: Uint8Array) {
 *     this.text += new TextDecoder().decode(data);
 *   }
 *   override connectionLost() {
 *     this.closed.setResult();
 *   }
 * }
 *
 * await using server = await createServer(() => new Greeter(), {
 *   hostname: "127.0.0.1",
 * });
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const { protocol } = await createConnection(() => new Collector(), { port });
 * await protocol.closed;
 * assertEquals(protocol.text, "hello");
 * ```
 */
export function createConnection<P extends StreamProtocol>(
  factory: () => P,
  options: ConnectOptions,
): Promise<Connected<Transport, P>> {
  return composite(() => connect(factory, options));
}

/**
 * Connects to a server on a Unix socket. Mirrors
 * `loop.create_unix_connection`.
 *
 * **Cancel safety:** as {@linkcode createConnection}.
 *
 * @throws {TypeError} `factory` is no function, or `path` no path.
 * @throws {Deno.errors.NotFound} There is no such file.
 * @throws {Deno.errors.ConnectionRefused} Nothing listens there.
 *
 * @example
 * ```ts
 * import {
 *   createUnixConnection,
 *   createUnixServer,
 *   Protocol,
 *   type Transport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { Future } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class Greeter extends Protocol {
 *   override connectionMade(transport: Transport) {
 *     transport.write("hello");
 *     transport.close();
 *   }
 * }
 *
 * class Collector extends Protocol {
 *   text = "";
 *   readonly closed = new Future<void>();
 *   override dataReceived(data: Uint8Array) {
 *     this.text += new TextDecoder().decode(data);
 *   }
 *   override connectionLost() {
 *     this.closed.setResult();
 *   }
 * }
 *
 * const path = `${await Deno.makeTempDir()}/service.sock`;
 * await using server = await createUnixServer(() => new Greeter(), { path });
 * const { protocol } = await createUnixConnection(() => new Collector(), path);
 * await protocol.closed;
 * assertEquals(protocol.text, "hello");
 * ```
 */
export function createUnixConnection<P extends StreamProtocol>(
  factory: () => P,
  path: string,
  options?: UnixConnectOptions,
): Promise<Connected<Transport, P>> {
  return composite(() => connectUnix(factory, path, options));
}

async function connectUnix<P extends StreamProtocol>(
  factory: () => P,
  path: string,
  options: UnixConnectOptions = {},
): Promise<Connected<Transport, P>> {
  checkPath(path);
  return await connect(factory, options, path);
}

async function connect<P extends StreamProtocol>(
  factory: () => P,
  options: ConnectOptions,
  path?: string,
): Promise<Connected<Transport, P>> {
  checkFactory(factory, "createConnection");
  return connected(new Socket(await connectSocket(options, path)), factory);
}
