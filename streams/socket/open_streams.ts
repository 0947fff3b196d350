/** Opens connections as a client. @module */
import { connectTcp, connectUnix } from "./connect.ts";
import type { SocketParts } from "./socket.ts";
import { SocketConnection } from "./socket_connection.ts";
import { checkHandshakeTimeout, checkOwnCertificate } from "./tls.ts";
import { checkLimit } from "../buffer/buffered_source.ts";
import { checkPath, checkPort } from "../address.ts";
import type {
  ConnectOptions,
  Streams,
  UnixConnectOptions,
} from "../open_connection.ts";
import { checkTlsOptions } from "../tls/check_options.ts";
import type { TlsOptions } from "../tls_options.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import { checkMilliseconds, checkOptions } from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** Connects, with a reader and a writer at the end. */
export function openStreams(
  options: ConnectOptions,
): Promise<Streams & AsyncDisposable> {
  return composite(() => open(options));
}

/** The same to a Unix socket. */
export function openUnixStreams(
  path: string,
  options?: UnixConnectOptions,
): Promise<Streams & AsyncDisposable> {
  return composite(() => openUnix(path, options));
}

async function open(
  options: ConnectOptions,
): Promise<Streams & AsyncDisposable> {
  checkOptions(options, "connect");
  const { limit } = options;
  checkLimit(limit);
  return connected(await connectSocket(options), limit);
}

/** Connects a socket, whatever is to stand at its ends. */
export async function connectSocket(
  options: ConnectOptions,
): Promise<SocketParts> {
  checkOptions(options, "connect");
  const { path, port, hostname = "127.0.0.1" } = options;
  if ((path === undefined) === (port === undefined)) {
    throw new TypeError(
      "a connection takes a port or a path, received both or none",
    );
  }
  const tls = tlsOptions(options.tls);
  const handshakeTimeout = checkHandshakeTimeout(options.handshakeTimeout);
  if (options.handshakeTimeout !== undefined && tls === undefined) {
    throw new TypeError("handshakeTimeout takes tls");
  }
  checkHappyEyeballsDelay(options.happyEyeballsDelay);
  if (path !== undefined) {
    checkPath(path);
    if (options.localAddress !== undefined || options.family !== undefined) {
      throw new TypeError("localAddress and family do not go with a path");
    }
    await checkOwnCertificate(tls);
    return await connectUnix(path, tls, handshakeTimeout, options);
  }
  checkPort(port);
  await checkOwnCertificate(tls);
  const target = {
    hostname,
    port,
    tls,
    noDelay: options.noDelay,
    keepAlive: options.keepAlive ?? false,
    happyEyeballsDelay: options.happyEyeballsDelay,
    handshakeTimeout,
    localAddress: options.localAddress,
    family: options.family,
  };
  return await connectTcp(target, options);
}

async function openUnix(
  path: string,
  options?: UnixConnectOptions,
): Promise<Streams & AsyncDisposable> {
  checkPath(path);
  return await open({ ...options, path });
}

/** A client's connection ends with the run it was opened in. */
function connected(
  parts: SocketParts,
  limit?: number,
): Streams & AsyncDisposable {
  const { resources } = currentScope().loop;
  const connection = new SocketConnection({ ...parts, limit });
  connection.onClosed = () => resources.delete(connection);
  resources.add(connection);
  const { reader, writer } = connection;
  return {
    reader,
    writer,
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

function checkHappyEyeballsDelay(delay: unknown): void {
  if (delay === undefined) return;
  checkMilliseconds(delay, "happyEyeballsDelay");
  if (delay > 0) return;
  throw new RangeError(
    `happyEyeballsDelay is a number of milliseconds above 0, received ${delay}`,
  );
}

function tlsOptions(tls: ConnectOptions["tls"]): TlsOptions | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) return {};
  checkTlsOptions(tls);
  return tls;
}
