/** Starts servers. @module */
import { AcceptLoop } from "./accept_loop.ts";
import { type ServedClient, ServerConnections } from "./server_connections.ts";
import type { SocketParts } from "./socket.ts";
import { SocketConnection } from "./socket_connection.ts";
import { checkHandshakeTimeout, checkOwnCertificate } from "./tls.ts";
import { checkLineLimit } from "../framing/line_scanner.ts";
import type { Listener } from "./listener.ts";
import { listenTcp } from "./tcp_listener.ts";
import { checkHostname, checkPath, checkPort, isAbstract } from "../address.ts";
import { listenUnix } from "./unix_listener.ts";
import { serve, type Server } from "../server.ts";
import type { ConnectionHandler } from "../connection_handler.ts";
import type { ServeOptions, UnixServeOptions } from "../serve_options.ts";
import { checkServerTls } from "../tls/check_options.ts";
import type { ServerTlsOptions } from "../tls_options.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import {
  checkFlags,
  describe,
  requireOptions,
} from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { LazyModule } from "../../tasks/kernel/wait/lazy_module.ts";

const nodeTls = new LazyModule(() => import("../tls/node_tls.ts"));

/** Starts a server that gives its clients' readers and writers to `handler`. */
export function serveStreams(
  handler: ConnectionHandler,
  options: ServeOptions,
): Promise<Server> {
  return composite(() => start(handler, options));
}

/** The same on a Unix socket. */
export function serveUnixStreams(
  handler: ConnectionHandler,
  options: UnixServeOptions,
): Promise<Server> {
  return composite(() => startUnix(handler, options));
}

async function start(
  handler: ConnectionHandler,
  options: ServeOptions,
): Promise<Server> {
  if (typeof handler !== "function") {
    throw new TypeError(
      `Cannot start a server: the first argument is a function that serves a client, received ${
        describe(handler)
      }: write startServer(handler, options)`,
    );
  }
  requireOptions(options, ACTION);
  const { limit } = options;
  checkLineLimit(limit);
  return await startServing((parts) => {
    const connection = new SocketConnection({ ...parts, limit });
    const { reader, writer } = connection;
    return { connection, handler: () => handler(reader, writer) };
  }, options);
}

const ACTION = "start a server";

/** Starts a server that gives its clients to `serveClient`. */
export async function startServing(
  serveClient: (parts: SocketParts) => ServedClient,
  options: ServeOptions,
): Promise<Server> {
  requireOptions(options, ACTION);
  const { path, tls, maxConnections = Infinity } = options;
  checkMaxConnections(maxConnections);
  if (tls !== undefined) checkServerTls(tls);
  if (path !== undefined && options.port !== undefined) {
    throw new TypeError(
      "Cannot start a server: it takes a port or a path, received both",
    );
  }
  const handshakeTimeout = checkHandshakeTimeout(options.handshakeTimeout);
  if (options.handshakeTimeout !== undefined && tls === undefined) {
    throw new TypeError(
      "Cannot start a server: handshakeTimeout takes tls, received none",
    );
  }
  checkFlags(options, ["noDelay", "keepAlive", "reusePort"], ACTION);
  checkBacklog(options.backlog);
  if (path === undefined) checkTcp(options);
  else checkUnix(path, options);
  checkMode(options.mode, path);
  // Listening on an address is done at once, and is no cancellation point.
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const listening = await listen(options);
  const clients = new ServerConnections({
    serveClient,
    maxConnections,
    handshakeTimeout,
    noDelay: options.noDelay ?? true,
    keepAlive: options.keepAlive ?? false,
    sockname: path === undefined ? undefined : listening[0]!.sockname,
  });
  const loops = detached(() =>
    listening.map((listener) => new AcceptLoop(listener, clients))
  );
  return serve({ clients, loops });
}

async function startUnix(
  handler: ConnectionHandler,
  options: UnixServeOptions,
): Promise<Server> {
  requireOptions(options, ACTION);
  checkPath(options.path); // without one it would listen on the network
  return await start(handler, options);
}

async function listen(options: ServeOptions): Promise<Listener[]> {
  const { path, tls } = options;
  if (tls === undefined || !needsNode(options)) {
    return path === undefined
      ? await listenOnTcp(options, tls)
      : [await listenUnix(path, options)];
  }
  await checkOwnCertificate(tls);
  return await nodeTls.use(async ({ encrypting }) => {
    const plain = path === undefined
      ? await listenOnTcp(options)
      : [await listenUnix(path, options)];
    return plain.map((listener) => encrypting(listener, tls));
  });
}

/** Whether the runtime's own TLS lacks what is asked for. */
function needsNode({ path, tls, noDelay, keepAlive }: ServeOptions): boolean {
  return path !== undefined || tls?.requestCert === true || noDelay === true ||
    keepAlive === true;
}

async function listenOnTcp(
  options: ServeOptions,
  tls?: ServerTlsOptions,
): Promise<Listener[]> {
  const { hostname, port = 0, backlog } = options;
  return await listenTcp({
    hostname: hostname || "0.0.0.0",
    port,
    tls,
    reusePort: options.reusePort ?? false,
    ...(backlog !== undefined && { tcpBacklog: backlog }),
  }, options);
}

function checkTcp({ hostname, port = 0, reusePort }: ServeOptions): void {
  if (hostname !== undefined && hostname !== "") checkHostname(hostname);
  checkPort(port);
  checkReusePort(reusePort);
}

function checkUnix(path: string, { hostname }: ServeOptions): void {
  checkPath(path);
  if (hostname === undefined) return;
  throw new TypeError(
    "Cannot start a server: it takes a hostname or a path, received both",
  );
}

function checkBacklog(backlog: unknown): void {
  if (backlog === undefined) return;
  const isInteger = Number.isInteger(backlog);
  if (isInteger && backlog as number >= 0 && backlog as number < 2 ** 31) {
    return;
  }
  throw new RangeError(
    `Cannot start a server: backlog is a number of clients of 0 or more, received ${
      describe(backlog)
    }`,
  );
}

/** Without the flag the runtime would not throw but end the process. */
function checkReusePort(reusePort: boolean | undefined): void {
  if (!reusePort || "listenDatagram" in Deno) return;
  throw new Deno.errors.NotSupported(
    "Cannot start a server: reusePort takes the flag --unstable-net of the runtime",
  );
}

function checkMode(mode: unknown, path: string | undefined): void {
  if (mode === undefined) return;
  if (path === undefined || isAbstract(path)) {
    throw new TypeError(
      "Cannot start a server: mode takes a path, as only the socket of a file has a mode",
    );
  }
  const isInteger = Number.isInteger(mode);
  if (isInteger && mode as number >= 0o600 && mode as number <= 0o777) return;
  throw new RangeError(
    `Cannot start a server: mode is a number from 0o600 to 0o777, received ${
      isInteger && mode as number >= 0
        ? `0o${(mode as number).toString(8)}`
        : describe(mode)
    }`,
  );
}

function checkMaxConnections(max: unknown): void {
  if (max === Infinity || Number.isInteger(max) && max as number > 0) return;
  throw new RangeError(
    `Cannot start a server: maxConnections is a number of at least 1, received ${
      describe(max)
    }`,
  );
}
