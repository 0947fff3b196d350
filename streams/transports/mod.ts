/**
 * The lower half of asyncio, for those who write protocols: transports that call
 * a protocol when something happens, in place of streams that are awaited. Names
 * and the order of the calls are asyncio's.
 *
 * A **transport** is one end of a connection: it is written to, and controls it.
 * A **protocol** is an object of yours, whose methods the transport calls. To
 * make both: {@linkcode createConnection} and {@linkcode createServer}, over
 * TCP, TLS and Unix sockets.
 *
 * ```ts
 * import {
 *   createConnection,
 *   createServer,
 *   Protocol,
 *   type Transport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { Future, run } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * class Upper extends Protocol {
 *   #transport!: Transport;
 *   override connectionMade(transport: Transport) {
 *     this.#transport = transport;
 *   }
 *   override dataReceived(data: Uint8Array) {
 *     this.#transport.write(new TextDecoder().decode(data).toUpperCase());
 *   }
 * }
 *
 * class Asking extends Protocol {
 *   readonly answer = new Future<string>();
 *   override connectionMade(transport: Transport) {
 *     transport.write("hello");
 *   }
 *   override dataReceived(data: Uint8Array) {
 *     this.answer.setResult(new TextDecoder().decode(data));
 *   }
 * }
 *
 * await run(async () => {
 *   const server = await createServer(() => new Upper(), {
 *     hostname: "127.0.0.1",
 *   });
 *   const { port } = server.addresses[0] as Deno.NetAddr;
 *   const { protocol } = await createConnection(() => new Asking(), { port });
 *   assertEquals(await protocol.answer, "HELLO");
 * });
 * ```
 *
 * **What is called when.** `connectionMade` and `connectionLost` come exactly
 * once. Calls never overlap, run in no task, and cannot wait: to wait, start a
 * task. An error in one of them is reported through the loop's exception
 * handler.
 *
 * **Streams or this?** Streams, mostly: code that awaits is easier to read and
 * to cancel, and as fast within a few percent. Transports are for protocols that
 * exist as classes of callbacks, and for those who port from asyncio.
 *
 * @module
 */
export {
  type AcceptedSocketOptions,
  connectAcceptedSocket,
} from "./connect_accepted_socket.ts";
export { connectReadPipe, connectWritePipe } from "./connect_pipe.ts";
export type { Connected } from "./connected.ts";
export { createConnection, createUnixConnection } from "./create_connection.ts";
export { createDatagramEndpoint } from "./create_datagram_endpoint.ts";
export { createServer, createUnixServer } from "./create_server.ts";
export { BaseProtocol, BaseTransport } from "./base.ts";
export {
  BufferedProtocol,
  DatagramProtocol,
  Protocol,
  type StreamProtocol,
  SubprocessProtocol,
} from "./protocols.ts";
export { sendfile, type SendfileOptions } from "./sendfile.ts";
export { startTls } from "./start_tls.ts";
export type { StartTlsOptions } from "./tls_upgrade.ts";
export { StreamReaderProtocol } from "./stream_reader_protocol.ts";
export {
  DatagramTransport,
  ReadTransport,
  SubprocessTransport,
  Transport,
  type WriteBufferLimits,
  WriteTransport,
} from "./transport.ts";
export type { ConnectOptions, UnixConnectOptions } from "../connect_options.ts";
export type { Server } from "../server.ts";
export type { ServeOptions, UnixServeOptions } from "../serve_options.ts";
export type { ServerTlsOptions, TlsOptions } from "../tls_options.ts";
export type { WaitOptions } from "../../tasks/kernel/types.ts";
