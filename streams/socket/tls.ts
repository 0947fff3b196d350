/** @module */
import type { Operation } from "./operation.ts";
import type { TlsOptions } from "../tls_options.ts";
import { describe } from "../../tasks/kernel/types.ts";

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
  readonly #open: () => Promise<Deno.TlsConn>;
  readonly #peer: string;
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
    this.#peer = peer;
  }

  async start(): Promise<Encrypted> {
    this.started = true;
    const conn = this.#conn = await this.#open();
    if (this.#abandoned) this.#close();
    try {
      return { conn, tls: await conn.handshake() };
    } catch (error) {
      this.#close();
      throw explained(error, `the TLS handshake with ${this.#peer} failed`);
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

/** The same kind of error, that says what for. */
function explained(error: unknown, what: string): unknown {
  if (!(error instanceof Error)) return error;
  const type = error.constructor as ErrorConstructor;
  return new type(`${what}: ${error.message}`, { cause: error });
}

/** What the runtime takes for the client of a handshake. */
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

/** Starts TLS on `tcp`, which is closed where that fails. */
export async function startTls(
  tcp: Deno.TcpConn,
  tls: TlsOptions,
  hostname: string,
): Promise<Deno.TlsConn> {
  try {
    return await Deno.startTls(tcp, clientOptions(tls, hostname));
  } catch (error) {
    tcp.close();
    throw error;
  }
}

/**
 * @throws {TypeError} These are no options for TLS, or only half of a
 * certificate.
 */
export function checkTlsOptions(tls: unknown): asserts tls is TlsOptions {
  if (typeof tls !== "object" || tls === null) {
    throw new TypeError(`expected options for TLS, found ${describe(tls)}`);
  }
  const { cert, key } = tls as TlsOptions;
  if ((cert === undefined) !== (key === undefined)) {
    throw new TypeError("a certificate takes both `cert` and `key`, found one");
  }
}
