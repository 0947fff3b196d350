/**
 * Connections, servers, and the reader and writer on them: over TCP, TLS, Unix sockets and any Web Stream.
 *
 * @module
 */
export * from "./errors.ts";
export {
  type ConnectOptions,
  openConnection,
  openUnixConnection,
  type Streams,
  type UnixConnectOptions,
} from "./open_connection.ts";
export { Server } from "./server.ts";
export {
  type ServeOptions,
  type ServerTlsOptions,
  startServer,
  startUnixServer,
  type UnixServeOptions,
} from "./start_server.ts";
export { type ReaderOptions, StreamReader } from "./stream_reader.ts";
export { StreamWriter } from "./stream_writer.ts";
export type { ConnectionHandler } from "./_clients.ts";
export type { Separator } from "./_separators.ts";
export type { TlsOptions } from "./tls_options.ts";
export type { WaitOptions } from "../tasks/types.ts";
