/** @module */
import { BaseConn } from "./base_conn.ts";
import { named } from "./named_error.ts";
import { type Operation, perform } from "./operation.ts";
import type { Early } from "../tls/conn_duplex.ts";
import type { ServerTlsOptions, TlsOptions } from "../tls_options.ts";
import { TimeoutError } from "../../tasks/kernel/errors.ts";
import {
  checkMilliseconds,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";
import {
  importOutside,
  LazyModule,
} from "../../tasks/kernel/wait/lazy_module.ts";
import { moveOnAfter } from "../../tasks/timeout.ts";

const certificates = new LazyModule(() => import("../tls/certificates.ts"));

/** A connection after its handshake. */
export interface Encrypted {
  readonly conn: Deno.TlsConn;
  readonly tls: Deno.TlsHandshakeInfo;
}

/**
 * A TLS handshake.
 *
 * Given up, the connection is closed at once; but the runtime holds a socket
 * whose handshake has begun until the peer answers or goes away.
 */
export class TlsHandshake implements Operation<Encrypted> {
  readonly what: string;
  /** For messages. */
  readonly peer: string;
  readonly #open: () => Promise<Deno.TlsConn>;
  #conn: Deno.TlsConn | undefined;
  #abandoned = false;
  started = false;

  /**
   * @param open Gives the connection to do the handshake on.
   * @param peer For messages.
   */
  constructor(
    what: string,
    open: () => Promise<Deno.TlsConn>,
    peer: string,
  ) {
    this.what = what;
    this.#open = open;
    this.peer = peer;
  }

  async start(): Promise<Encrypted> {
    this.started = true;
    const conn = this.#conn = await this.#open();
    if (this.#abandoned) this.#close();
    try {
      return { conn, tls: await conn.handshake() };
    } catch (error) {
      this.#close();
      throw failure(this.peer, error);
    }
  }

  abandon(): void {
    this.#abandoned = true;
    this.#close();
  }

  discard(): void {
    this.#close();
  }

  #close(): void {
    this.#conn?.close();
    this.#conn = undefined;
  }
}

/**
 * How long a handshake may take unless told otherwise, in milliseconds; as
 * asyncio.
 */
const DEFAULT_HANDSHAKE_TIMEOUT_MS = 60_000;

/** @throws {RangeError} It is no number above 0. */
export function checkHandshakeTimeout(
  timeout: unknown = DEFAULT_HANDSHAKE_TIMEOUT_MS,
): number {
  checkMilliseconds(timeout, "Cannot use TLS: handshakeTimeout");
  if (timeout > 0) return timeout;
  throw new RangeError(
    `Cannot use TLS: handshakeTimeout is a number of milliseconds above 0, received ${timeout}`,
  );
}

/** @throws {TimeoutError} It takes longer than `timeout` milliseconds. */
export async function shakeHands(
  handshake: TlsHandshake,
  timeout: number,
  options: WaitOptions,
): Promise<Encrypted> {
  const encrypted = await moveOnAfter(
    timeout,
    () => perform(handshake, options),
  );
  if (encrypted !== undefined) return encrypted;
  throw new TimeoutError(
    `the TLS handshake with ${handshake.peer} took longer than ${timeout} ms`,
  );
}

/** The options of the runtime for the client of a handshake. */
export function clientOptions(
  tls: TlsOptions,
  hostname: string,
): Deno.StartTlsOptions {
  return {
    hostname: tls.serverName ?? hostname,
    ...(tls.caCerts && { caCerts: tls.caCerts }),
    ...(tls.alpnProtocols && { alpnProtocols: tls.alpnProtocols }),
  };
}

/**
 * Starts TLS on `conn` as its client; it is closed if that fails. The runtime
 * needs a socket of its own that was not read, and shows no certificate on it;
 * for others there is `node:tls`.
 *
 * @param early What was read of it before.
 */
export async function startTls(
  conn: Deno.Conn,
  tls: TlsOptions,
  hostname: string,
  early: readonly Early[] = [],
): Promise<Deno.TlsConn> {
  const isPlainTcp = conn.remoteAddr.transport === "tcp" &&
    !(conn instanceof BaseConn);
  if (!isPlainTcp || early.length > 0 || needsNode(tls)) {
    const { startNodeTls } = await importOutside(() =>
      import("../tls/node_tls.ts")
    );
    return startNodeTls(conn, tls, hostname, early);
  }
  try {
    const tcp = conn as Deno.TcpConn;
    return await Deno.startTls(tcp, clientOptions(tls, hostname));
  } catch (error) {
    closeQuietly(conn);
    throw failure(hostname, error);
  }
}

/**
 * @throws {Deno.errors.InvalidData} The certificate is not valid, or the key is not
 * its key.
 */
export async function checkOwnCertificate(
  tls: TlsOptions | ServerTlsOptions | undefined,
): Promise<void> {
  if (tls?.cert === undefined) return;
  await certificates.use(async ({ checkCertificates }) => {
    await checkCertificates(tls);
  });
}

/** Whether the runtime cannot start this on a connection. */
function needsNode({ cert, peerCertificate }: TlsOptions): boolean {
  return cert !== undefined || peerCertificate === true;
}

/**
 * Starts TLS on `conn` as its server, which only `node:tls` can.
 *
 * @param early What was read of it before.
 */
export async function acceptTls(
  conn: Deno.Conn,
  tls: ServerTlsOptions,
  early: readonly Early[] = [],
): Promise<Deno.TlsConn> {
  const { acceptNodeTls } = await importOutside(() =>
    import("../tls/node_tls.ts")
  );
  return acceptNodeTls(conn, tls, early);
}

/** Closes `conn`, which the runtime may have closed when the attempt failed. */
function closeQuietly(conn: Deno.Conn): void {
  try {
    conn.close();
  } catch (error) {
    if (!(error instanceof Deno.errors.BadResource)) throw error;
  }
}

/** The same kind of error, with what has failed in its message. */
function failure(peer: string, error: unknown): unknown {
  const what = `the TLS handshake with ${peer} failed`;
  // The errors that the runtime has for a socket reset before the handshake.
  if (
    error instanceof Deno.errors.BadResource ||
    error instanceof Deno.errors.NotConnected
  ) {
    return new Deno.errors.ConnectionReset(
      `${what}: the peer has reset the connection`,
      { cause: error },
    );
  }
  return named(what, error);
}
