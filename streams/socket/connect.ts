/** @module */
import { formatPath } from "../address.ts";
import type { NodeConn } from "./node_conn.ts";
import { named } from "./named_error.ts";
import { checkAddresses, NodeConnect } from "./node_connect.ts";
import type { SocketParts } from "./socket.ts";
import {
  clientOptions,
  type Encrypted,
  shakeHands,
  startTls,
  TlsHandshake,
} from "./tls.ts";
import { type Operation, perform } from "./operation.ts";
import type { TlsOptions } from "../tls_options.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { sleep } from "../../tasks/sleep.ts";

/** Where a client connects to, and how. */
export interface Target {
  hostname: string;
  port: number;
  tls: TlsOptions | undefined;
  noDelay: boolean | undefined;
  keepAlive: boolean;
  happyEyeballsDelay: number | undefined;
  handshakeTimeout: number;
  localAddress: string | undefined;
  family: 4 | 6 | undefined;
}

const WHAT = "openConnection";

/** The host that a Unix socket is on, for TLS; as for Node. */
export const UNIX_HOST = "localhost";

/** Connects over TCP, encrypted or not. */
export async function connectTcp(
  target: Target,
  options: WaitOptions,
): Promise<SocketParts> {
  const { hostname, port, tls, handshakeTimeout } = target;
  const peer = `${hostname}:${port}`;
  const isChosen = target.localAddress !== undefined ||
    target.family !== undefined;
  if (tls?.cert !== undefined && !isChosen && !needsNode(target)) {
    // Only this way the runtime shows a client's certificate.
    const { cert, key } = tls as { cert: string; key: string };
    const tlsOptions = { ...clientOptions(tls, hostname), port, cert, key };
    const open = () => Deno.connectTls(tlsOptions);
    const handshake = new TlsHandshake(WHAT, open, peer);
    return await shakeHands(handshake, handshakeTimeout, options);
  }
  const operation = isChosen ? chosen(target) : new TcpConnect(target);
  const conn = await reach<Deno.TcpConn | NodeConn>(operation, peer, options);
  if (tls === undefined) return { conn, hostname };
  const open = () => startTls(conn, tls, hostname);
  return await encrypt(conn, open, peer, handshakeTimeout, options);
}

/** Whether a client's certificate goes with more than the runtime can. */
function needsNode({ hostname, tls, noDelay, keepAlive }: Target): boolean {
  return tls!.peerCertificate === true || noDelay === true || keepAlive ||
    (tls!.serverName ?? hostname) !== hostname;
}

/** Does the handshake on `conn`, which is closed if that fails. */
async function encrypt(
  conn: Deno.Conn,
  open: () => Promise<Deno.TlsConn>,
  peer: string,
  timeout: number,
  options: WaitOptions,
): Promise<Encrypted> {
  const handshake = new TlsHandshake(WHAT, open, peer);
  try {
    return await shakeHands(handshake, timeout, options);
  } catch (error) {
    if (!handshake.started) conn.close();
    throw error;
  }
}

/** Waits for `operation`; what it fails with names the peer. */
async function reach<T>(
  operation: Operation<T>,
  peer: string,
  options: WaitOptions,
): Promise<T> {
  let failure: unknown;
  const start = () =>
    operation.start().catch((error) => {
      failure = error;
      throw error;
    });
  try {
    return await perform({
      what: operation.what,
      start,
      abandon: () => operation.abandon(),
      discard: (value) => operation.discard(value),
    }, options);
  } catch (error) {
    if (error !== failure) throw error; // the wait was given up
    throw named(`Cannot connect to ${peer}`, error);
  }
}

/** The runtime's own API cannot choose addresses. */
function chosen(target: Target): Operation<NodeConn> {
  checkAddresses(target.hostname, target.localAddress, target.family);
  return new NodeConnect({ ...target, noDelay: target.noDelay ?? true });
}

/** Opening a TCP connection. */
class TcpConnect implements Operation<Deno.TcpConn> {
  readonly what = WHAT;
  readonly #target: Target;
  readonly #controller = new AbortController();

  constructor(target: Target) {
    this.#target = target;
  }

  async start(): Promise<Deno.TcpConn> {
    const { hostname, port, noDelay = true, keepAlive, happyEyeballsDelay } =
      this.#target;
    const conn = await Deno.connect({
      hostname,
      port,
      signal: this.#controller.signal,
      ...(happyEyeballsDelay !== undefined &&
        { autoSelectFamilyAttemptDelay: happyEyeballsDelay }),
    });
    try {
      if (noDelay) conn.setNoDelay(true);
      if (keepAlive) conn.setKeepAlive(true);
    } catch (error) {
      conn.close(); // the peer has reset it already
      throw error;
    }
    return conn;
  }

  abandon(): void {
    this.#controller.abort();
  }

  discard(conn: Deno.TcpConn): void {
    conn.close();
  }
}

/** The longest pause before a busy server is tried again. */
const MAX_BUSY_PAUSE_MS = 32;

/**
 * Connects to a Unix socket. The system refuses a client at once if the queue of
 * the server is full, where one over TCP would wait: so this waits for it.
 */
export async function connectUnix(
  path: string,
  tls: TlsOptions | undefined,
  handshakeTimeout: number,
  options: WaitOptions,
): Promise<SocketParts> {
  const parts = await connectPlainUnix(path, options);
  if (tls === undefined) return parts;
  const { conn, peername } = parts;
  const open = () => startTls(conn, tls, UNIX_HOST);
  return {
    ...await encrypt(
      conn,
      open,
      formatPath(path),
      handshakeTimeout,
      options,
    ),
    peername,
  };
}

async function connectPlainUnix(
  path: string,
  options: WaitOptions,
): Promise<SocketParts> {
  for (let pause = 1;; pause = Math.min(2 * pause, MAX_BUSY_PAUSE_MS)) {
    try {
      return await reach(new UnixConnect(path), formatPath(path), options);
    } catch (error) {
      if (!(error instanceof Deno.errors.WouldBlock)) throw error;
    }
    await sleep(pause, options);
  }
}

/** Opening a Unix socket: nothing that could be stopped, and soon over. */
export class UnixConnect implements Operation<SocketParts> {
  readonly what = WHAT;
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async start(): Promise<SocketParts> {
    const peername = { transport: "unix" as const, path: this.#path };
    return { conn: await Deno.connect(peername), peername };
  }

  abandon(): void {}

  discard({ conn }: SocketParts): void {
    conn.close();
  }
}
