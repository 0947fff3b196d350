/** @module */
import { checkProtocol } from "./check_protocol.ts";
import type { StreamProtocol } from "./protocols.ts";
import { StreamTransport } from "./stream_transport.ts";
import { encrypt, type StartTlsOptions } from "./tls_upgrade.ts";
import type { Transport } from "./transport.ts";
import { checkHandshakeTimeout } from "../socket/tls.ts";
import { checkServerTls, checkTlsOptions } from "../tls/check_options.ts";
import {
  checkFlags,
  checkOptions,
  describe,
} from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/**
 * Encrypts a connection in the middle, on either side: for protocols with a
 * STARTTLS of some kind. Mirrors `loop.start_tls`.
 *
 * What is unsent is sent before. From the call on, nothing is received in
 * plain: what has come and was not handed to the protocol is taken for a part
 * of the handshake. When it resolves, `protocol` goes on with the transport
 * that it resolves to; `connectionMade` is not called again.
 *
 * **Cancel safety:** a cancel that comes while the unsent is sent leaves the
 * connection as it is; in the handshake, the connection is lost.
 *
 * @throws {TypeError} `transport` is none for sockets; a server without `cert`
 * and `key`; a client that does not know the name of its server.
 * @throws {Error} The transport is closing, or encrypted already, or has ended
 * one direction.
 * @throws {TimeoutError} The handshake took longer than `handshakeTimeout`.
 * @throws {Deno.errors.InvalidData} The server's certificate is not trusted, or
 * not for this name. Then, and when the handshake fails in another way, the
 * connection is lost with that error.
 *
 * @example
 * ```ts
 * import {
 *   Protocol,
 *   startTls,
 *   type Transport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { createTask } from "@asyncio/asyncio/tasks";
 *
 * class MailClient extends Protocol {
 *   #transport!: Transport;
 *   override connectionMade(transport: Transport) {
 *     this.#transport = transport;
 *   }
 *   override dataReceived(data: Uint8Array) {
 *     const line = new TextDecoder().decode(data);
 *     if (line.startsWith("220 Go ahead")) createTask(() => this.#encrypt());
 *   }
 *   async #encrypt() {
 *     this.#transport = await startTls(this.#transport, this);
 *     this.#transport.write("EHLO\r\n");
 *   }
 * }
 * console.log(MailClient.name);
 * ```
 */
export function startTls(
  transport: Transport,
  protocol: StreamProtocol,
  options?: StartTlsOptions,
): Promise<Transport> {
  return composite(() => start(transport, protocol, options));
}

async function start(
  transport: Transport,
  protocol: StreamProtocol,
  options: StartTlsOptions = {},
): Promise<Transport> {
  if (!(transport instanceof StreamTransport)) {
    throw new TypeError(
      `Cannot start TLS: expected the transport of a socket, received ${
        describe(transport)
      }`,
    );
  }
  checkProtocol(protocol);
  checkOptions(options, "start TLS");
  checkFlags(options, ["serverSide"], "start TLS");
  if (options.serverSide) checkServerTls(options);
  else checkTlsOptions(options);
  checkHandshakeTimeout(options.handshakeTimeout);
  await encrypt(transport, protocol, options);
  return transport;
}
