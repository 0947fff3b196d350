/** @module */
import { checkFactory } from "./check_protocol.ts";
import { type Connected, connected } from "./connected.ts";
import type { StreamProtocol } from "./protocols.ts";
import type { Transport } from "./transport.ts";
import { Socket, type SocketParts } from "../socket/socket.ts";
import {
  acceptTls,
  checkHandshakeTimeout,
  shakeHands,
  TlsHandshake,
} from "../socket/tls.ts";
import { formatAddress } from "../address.ts";
import { checkServerTls } from "../tls/check_options.ts";
import type { ServerTlsOptions } from "../tls_options.ts";
import {
  checkOptions,
  describe,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** How {@linkcode connectAcceptedSocket} serves a client. */
export interface AcceptedSocketOptions extends WaitOptions {
  /** The certificate to show: the connection is encrypted first. */
  tls?: ServerTlsOptions | undefined;
  /**
   * How long the handshake may take, in milliseconds: 60 000 unless given.
   */
  handshakeTimeout?: number | undefined;
}

/**
 * Makes a transport and a protocol for a connection that was accepted
 * elsewhere, as by `Deno.listen`. Mirrors `loop.connect_accepted_socket`.
 *
 * With `tls`, and for a `Deno.TlsConn`, after the handshake. The connection is
 * the transport's from then on.
 *
 * **Cancel safety:** a cancel in the handshake closes the connection; one that
 * comes before leaves it as it is.
 *
 * @throws {TypeError} `factory` is no function, or makes no protocol; `conn` is
 * no connection; `tls` without `cert` or `key`, or `handshakeTimeout` without TLS.
 * @throws {RangeError} `handshakeTimeout` is 0 or less.
 * @throws {TimeoutError} The handshake took longer than `handshakeTimeout`.
 *
 * @example
 * ```ts
 * import {
 *   connectAcceptedSocket,
 *   Protocol,
 *   type Transport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { openConnection } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * class Greeter extends Protocol {
 *   override connectionMade(transport: Transport) {
 *     transport.write("hello");
 *     transport.close();
 *   }
 * }
 *
 * using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
 * const { port } = listener.addr as Deno.NetAddr;
 * const { reader, writer } = await openConnection({ port });
 * await connectAcceptedSocket(() => new Greeter(), await listener.accept());
 * assertEquals(new TextDecoder().decode(await reader.read()), "hello");
 * writer.close();
 * ```
 */
export function connectAcceptedSocket<P extends StreamProtocol>(
  factory: () => P,
  conn: Deno.Conn,
  options?: AcceptedSocketOptions,
): Promise<Connected<Transport, P>> {
  return composite(() => connect(factory, conn, options));
}

async function connect<P extends StreamProtocol>(
  factory: () => P,
  conn: Deno.Conn,
  options: AcceptedSocketOptions = {},
): Promise<Connected<Transport, P>> {
  checkFactory(factory, "connectAcceptedSocket");
  checkConn(conn);
  checkOptions(options, "connect");
  if (options.tls !== undefined) checkServerTls(options.tls);
  const timeout = checkHandshakeTimeout(options.handshakeTimeout);
  if (options.handshakeTimeout !== undefined && !isEncrypted(conn, options)) {
    throw new TypeError(
      "Cannot connect: handshakeTimeout takes tls, received none",
    );
  }
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return await rejection;
  const parts = isEncrypted(conn, options)
    ? await encrypted(conn, timeout, options)
    : { conn };
  return connected(new Socket(parts), factory);
}

function isEncrypted(conn: Deno.Conn, { tls }: AcceptedSocketOptions): boolean {
  return tls !== undefined || "handshake" in conn;
}

function encrypted(
  conn: Deno.Conn,
  timeout: number,
  options: AcceptedSocketOptions,
): Promise<SocketParts> {
  const handshake = new TlsHandshake(
    "connectAcceptedSocket",
    () =>
      "handshake" in conn
        ? Promise.resolve(conn as Deno.TlsConn)
        : acceptTls(conn, options.tls!),
    formatAddress(conn.remoteAddr),
  );
  return shakeHands(handshake, timeout, options);
}

function checkConn(conn: unknown): void {
  const { read, write } = (conn ?? {}) as Partial<Deno.Conn>;
  if (typeof read === "function" && typeof write === "function") return;
  throw new TypeError(
    `Cannot connect: expected a Deno.Conn, received ${describe(conn)}`,
  );
}
