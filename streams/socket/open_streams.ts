/** Opens connections as a client. @module */
import { connectTcp, connectUnix } from "./connect.ts";
import type { SocketParts } from "./socket.ts";
import { SocketConnection } from "./socket_connection.ts";
import { checkHandshakeTimeout, checkOwnCertificate } from "./tls.ts";
import { checkLineLimit } from "../framing/line_scanner.ts";
import { checkHostname, checkPath, checkPort } from "../address.ts";
import type { ConnectOptions, UnixConnectOptions } from "../connect_options.ts";
import type { Streams } from "../streams.ts";
import { checkTlsOptions } from "../tls/check_options.ts";
import type { TlsOptions } from "../tls_options.ts";
import { currentScope } from "../../tasks/kernel/context/current_scope.ts";
import {
  checkFlags,
  checkMilliseconds,
  requireOptions,
} from "../../tasks/kernel/types.ts";
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
  options: ConnectOptions | UnixConnectOptions,
  path?: string,
): Promise<Streams & AsyncDisposable> {
  requireOptions(options, "connect");
  const { limit } = options;
  checkLineLimit(limit);
  return connected(await connectSocket(options, path), limit);
}

/**
 * Connects a socket, on which the caller puts streams or a transport.
 *
 * @param unixPath The path, instead of the one of the options.
 */
export async function connectSocket(
  options: ConnectOptions,
  unixPath?: string,
): Promise<SocketParts> {
  requireOptions(options, "connect");
  const { port, hostname = "127.0.0.1" } = options;
  const path = unixPath ?? options.path;
  if ((path === undefined) === (port === undefined)) {
    throw new TypeError(
      `Cannot connect: it takes a port or a path, received ${
        path === undefined ? "neither" : "both"
      }`,
    );
  }
  const tls = tlsOptions(options.tls);
  const handshakeTimeout = checkHandshakeTimeout(options.handshakeTimeout);
  if (options.handshakeTimeout !== undefined && tls === undefined) {
    throw new TypeError(
      "Cannot connect: handshakeTimeout takes tls, received none",
    );
  }
  checkHappyEyeballsDelay(options.happyEyeballsDelay);
  checkFlags(options, ["noDelay", "keepAlive"], "connect");
  if (path !== undefined) {
    checkPath(path);
    checkUnix(options);
    await checkOwnCertificate(tls);
    return await connectUnix(path, tls, handshakeTimeout, options);
  }
  checkHostname(hostname);
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
  options: UnixConnectOptions = {},
): Promise<Streams & AsyncDisposable> {
  checkPath(path);
  return await open(options, path);
}

/** A client's connection ends with the run it was opened in. */
function connected(
  parts: SocketParts,
  limit?: number,
): Streams & AsyncDisposable {
  const connection = new SocketConnection({ ...parts, limit });
  connection.onClosed = currentScope().loop.own(connection, "connect");
  const { reader, writer } = connection;
  return {
    reader,
    writer,
    [Symbol.asyncDispose]: () => writer[Symbol.asyncDispose](),
  };
}

/** A socket of a file has no host. */
function checkUnix(options: ConnectOptions): void {
  for (const name of ["hostname", "localAddress", "family"] as const) {
    if (options[name] === undefined) continue;
    throw new TypeError(
      `Cannot connect: it takes a path or ${name}, received both`,
    );
  }
}

function checkHappyEyeballsDelay(delay: unknown): void {
  if (delay === undefined) return;
  checkMilliseconds(delay, "Cannot connect: happyEyeballsDelay");
  if (delay > 0) return;
  throw new RangeError(
    `Cannot connect: happyEyeballsDelay is a number of milliseconds above 0, received ${delay}`,
  );
}

function tlsOptions(tls: ConnectOptions["tls"]): TlsOptions | undefined {
  if (tls === undefined || tls === false) return undefined;
  if (tls === true) return {};
  checkTlsOptions(tls);
  return tls;
}
