/** @module */
import { checkFactory } from "./check_protocol.ts";
import type { StreamProtocol } from "./protocols.ts";
import { StreamTransport } from "./stream_transport.ts";
import { checkPath } from "../address.ts";
import type { Server } from "../server.ts";
import type { ServedClient } from "../socket/server_connections.ts";
import { startServing } from "../socket/serve_streams.ts";
import { Socket, type SocketParts } from "../socket/socket.ts";
import type { ServeOptions, UnixServeOptions } from "../serve_options.ts";
import { requireOptions } from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/**
 * Starts a server: over TCP, with `tls` encrypted, with `path` on a Unix
 * socket. Every client gets a transport and a protocol of its own. Mirrors
 * `loop.create_server`; `startServer` is the same with streams.
 *
 * It serves at once, in the `run` it was started in, and is shut down at its
 * end. A factory that throws is reported through the loop's exception handler,
 * and its client is dropped.
 *
 * **Cancel safety:** a cancelled call leaves nothing listening.
 *
 * @param factory Makes a protocol, when a client has connected.
 *
 * @throws {TypeError} `factory` is no function, or the options are wrong, as
 * those of `startServer`.
 * @throws {Deno.errors.AddrInUse} Something listens there.
 *
 * @example
 * ```ts
 * import {
 *   BufferedProtocol,
 *   createServer,
 *   type Transport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { openConnection } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * class Echo extends BufferedProtocol {
 *   readonly #memory = new Uint8Array(65536);
 *   #transport!: Transport;
 *   override connectionMade(transport: Transport) {
 *     this.#transport = transport;
 *   }
 *   override getBuffer() {
 *     return this.#memory;
 *   }
 *   override bufferUpdated(count: number) {
 *     this.#transport.write(this.#memory.subarray(0, count));
 *   }
 * }
 *
 * await using server = await createServer(() => new Echo(), {
 *   hostname: "127.0.0.1",
 * });
 * const { port } = server.addresses[0] as Deno.NetAddr;
 * const { reader, writer } = await openConnection({ port });
 * writer.write("hello\n");
 * assertEquals(new TextDecoder().decode(await reader.readLine()), "hello\n");
 * writer.close();
 * ```
 */
export function createServer(
  factory: () => StreamProtocol,
  options: ServeOptions,
): Promise<Server> {
  return composite(() => start(factory, options));
}

/**
 * Starts a server on a Unix socket. Mirrors `loop.create_unix_server`.
 *
 * **Cancel safety:** a cancelled call leaves nothing listening.
 *
 * @throws {TypeError} `factory` is no function, or `path` no path.
 * @throws {Deno.errors.AddrInUse} Something listens there, or it is no socket.
 *
 * @example
 * ```ts
 * import {
 *   createUnixServer,
 *   Protocol,
 *   type Transport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { openUnixConnection } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * class Greeter extends Protocol {
 *   override connectionMade(transport: Transport) {
 *     transport.write("hello");
 *     transport.close();
 *   }
 * }
 *
 * const path = `${await Deno.makeTempDir()}/service.sock`;
 * await using server = await createUnixServer(() => new Greeter(), { path });
 * const { reader, writer } = await openUnixConnection(path);
 * assertEquals(new TextDecoder().decode(await reader.read()), "hello");
 * writer.close();
 * ```
 */
export function createUnixServer(
  factory: () => StreamProtocol,
  options: UnixServeOptions,
): Promise<Server> {
  return composite(() => startUnix(factory, options));
}

async function start(
  factory: () => StreamProtocol,
  options: ServeOptions,
): Promise<Server> {
  checkFactory(factory, "createServer");
  return await startServing((parts) => serveClient(factory, parts), options);
}

async function startUnix(
  factory: () => StreamProtocol,
  options: UnixServeOptions,
): Promise<Server> {
  requireOptions(options, "start a server");
  checkPath(options.path); // without one it would listen on the network
  return await start(factory, options);
}

function serveClient(
  factory: () => StreamProtocol,
  parts: SocketParts,
): ServedClient {
  const transport = new StreamTransport(new Socket(parts), factory());
  transport.start({ isAwaited: false });
  return { connection: transport };
}
