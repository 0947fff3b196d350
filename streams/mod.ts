/**
 * Python's `asyncio` streams: connections and servers over TCP, TLS and Unix
 * sockets, with a reader that gives lines, exact numbers of bytes and anything up
 * to a separator, and a writer that holds back code that writes too fast. Also
 * datagrams, HTTP servers, and names of hosts.
 *
 * **A client.** {@linkcode openConnection} gives a {@linkcode StreamReader} and
 * a {@linkcode StreamWriter}. A read that is cancelled, or given up by a
 * timeout, loses no byte: the connection stays usable.
 *
 * **A server.** {@linkcode startServer} runs a task for every client. It
 * belongs to the `run` it was started in, and ends with it.
 *
 * ```ts
 * import { openConnection, startServer } from "@asyncio/asyncio/streams";
 * import { run, timeout } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   const server = await startServer(async (reader, writer) => {
 *     for await (const line of reader.lines()) {
 *       writer.write(`${line.toUpperCase()}\n`);
 *       await writer.drain();
 *     }
 *     writer.close();
 *   }, { hostname: "127.0.0.1" });
 *
 *   const { port } = server.addresses[0] as Deno.NetAddr;
 *   const { reader, writer } = await openConnection({ port });
 *   writer.write("hello\n");
 *   const answer = await timeout(1000, () => reader.readLine());
 *   assertEquals(new TextDecoder().decode(answer), "HELLO\n");
 *   writer.close();
 * });
 * ```
 *
 * **Writing.** `write` never waits, and what is written in one turn leaves in
 * one system call: when the connection's reader begins to wait, or at the end
 * of the turn. `await writer.drain()` after it keeps memory bounded, and throws
 * when the connection was lost; nothing else does, and it is never an unhandled
 * rejection.
 *
 * **Frames.** {@linkcode lengthPrefixed}, {@linkcode delimited}, {@linkcode
 * jsonLines}, or a {@linkcode Decoder} of your own, make a protocol of bytes:
 * `reader.readFrame(codec)`, `reader.frames(codec)`, `writer.writeFrame(codec,
 * value)`. A frame is taken whole or not at all. Without a copy go `reader.pipeTo`,
 * `peek` and `discard`.
 *
 * **Ending.** `writeEof` ends one direction and leaves the other; `close` sends
 * what is unsent, `abort` drops it. When both directions have ended, the
 * connection is closed. At the end of a `run` its connections and servers are
 * closed: what the peers take at once is still sent.
 *
 * **Web Streams, both ways.** {@linkcode StreamReader.from} and
 * {@linkcode StreamWriter.from} take any stream of bytes; `reader.readable` and
 * `writer.writable` are Web Streams for code that needs them.
 *
 * ```ts
 * import { StreamReader } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const response = new Response("status: fine\n\nthe body");
 * const reader = StreamReader.from(response.body!);
 * const head = await reader.readUntil("\n\n");
 * assertEquals(new TextDecoder().decode(head), "status: fine\n\n");
 * assertEquals(await new Response(reader.readable).text(), "the body");
 * ```
 *
 * @module
 */
export { DatagramEndpoint } from "./datagram/datagram_endpoint.ts";
export type { Datagram } from "./datagram/datagram_socket.ts";
export type {
  DatagramAddress,
  DatagramOptions,
  MulticastOptions,
} from "./datagram/datagram_options.ts";
export { openDatagram } from "./datagram/open_datagram.ts";
export * from "./errors.ts";
export type { AddrInfo, AddrInfoOptions } from "./names/addr_info.ts";
export { getaddrinfo } from "./names/getaddrinfo.ts";
export { getnameinfo } from "./names/getnameinfo.ts";
export type { LookupOptions } from "./names/lookup_options.ts";
export type { NameInfoAddress } from "./names/name_info_address.ts";
export type { NameServer } from "./names/stub_resolver.ts";
export type { ConnectOptions, UnixConnectOptions } from "./connect_options.ts";
export { openConnection, openUnixConnection } from "./open_connection.ts";
export type { Streams } from "./streams.ts";
export type { RequestHandler } from "./http/exchange.ts";
export { HttpServer } from "./http/http_server.ts";
export { serve } from "./http/serve.ts";
export type { HttpServeOptions } from "./http/serve_options.ts";
export { Server } from "./server.ts";
export type { ConnectionHandler } from "./connection_handler.ts";
export type { ServeOptions, UnixServeOptions } from "./serve_options.ts";
export { startServer, startUnixServer } from "./start_server.ts";
export { type ReaderOptions, StreamReader } from "./stream_reader.ts";
export { StreamWriter } from "./stream_writer.ts";
export { delimited } from "./framing/delimited.ts";
export type { Decoder, FrameCodec } from "./framing/frame_codec.ts";
export { jsonLines } from "./framing/json_lines.ts";
export { lengthPrefixed } from "./framing/length_prefixed.ts";
export type { Separator } from "./framing/separators.ts";
export type {
  ServerTlsOptions,
  StartTlsOptions,
  TlsOptions,
} from "./tls_options.ts";
export type { WaitOptions } from "../tasks/kernel/types.ts";
