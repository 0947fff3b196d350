/** @module */
import type { StreamProtocol } from "./protocols.ts";
import type { StreamTransport } from "./stream_transport.ts";
import { Socket } from "../socket/socket.ts";
import {
  checkHandshakeTimeout,
  shakeHands,
  TlsHandshake,
} from "../socket/tls.ts";
import type { TlsOptions } from "../tls_options.ts";
import { isCancelled } from "../../tasks/kernel/errors.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { importOutside } from "../../tasks/kernel/wait/lazy_module.ts";

/** How `startTls` encrypts a connection. */
export interface StartTlsOptions extends TlsOptions, WaitOptions {
  /**
   * Whether this end is the server: then `cert` and `key` have to be given.
   * False unless given.
   */
  serverSide?: boolean | undefined;
  /**
   * How long the handshake may take, in milliseconds: 60 000 unless given.
   */
  handshakeTimeout?: number | undefined;
}

/**
 * Encrypts the connection of a transport, and lets `protocol` go on with it.
 */
export async function encrypt(
  transport: StreamTransport,
  protocol: StreamProtocol,
  options: StartTlsOptions,
): Promise<void> {
  const { reader, writer, calls } = transport;
  const socket = checkUpgrade(transport);
  checkServerName(socket, options);
  const wasReading = transport.isReading;
  reader.pause();
  try {
    // At least once: it may have been called while bytes are being handed out.
    do await writer.flushed(options); while (writer.size > 0);
    checkUpgrade(transport);
    // In the handshake, a cancel of this moment would lose the connection.
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) await rejection;
  } catch (error) {
    if (wasReading) transport.resumeReading();
    throw error;
  }
  transport.setProtocol(protocol);
  writer.pause();
  try {
    await upgrade(socket, options, reader.handOver());
  } catch (error) {
    transport.forceClose(isCancelled(error) ? givenUp(error) : error);
    throw error;
  }
  reader.takeBack();
  writer.resume();
  calls.nextTurn(() => reader.deliver());
}

/** @throws {Error} TLS cannot be started now; nothing is changed. */
function checkUpgrade(transport: StreamTransport): Socket {
  const { socket } = transport;
  if (!(socket instanceof Socket)) {
    throw new TypeError("Cannot start TLS: expected the transport of a socket");
  }
  const obstacle = socket.isEncrypted
    ? "the connection is encrypted"
    : socket.isUpgrading
    ? "the handshake is under way"
    : transport.isClosing
    ? "the transport is closing"
    : transport.hasWrittenEof
    ? "writeEof was called before"
    : transport.reader.hasEnded
    ? "the peer has ended"
    : undefined;
  if (obstacle === undefined) return socket;
  throw new Error(`Cannot start TLS: ${obstacle}`);
}

/** @throws {TypeError} The client does not know the name of its server. */
function checkServerName(
  socket: Socket,
  { serverSide, serverName }: StartTlsOptions,
): void {
  if (serverSide || (serverName ?? socket.hostname) !== undefined) return;
  throw new TypeError(
    "Cannot start TLS: serverName is the name that the certificate is for, received none",
  );
}

/**
 * Uses `node:tls`: the runtime's own TLS takes no socket that is being read,
 * and has no server's side.
 *
 * @param early What a read that is under way will bring.
 */
async function upgrade(
  socket: Socket,
  options: StartTlsOptions,
  early: Promise<Uint8Array | null> | undefined,
): Promise<void> {
  const { serverSide, serverName } = options;
  const hostname = serverName ?? socket.hostname ?? socket.name;
  const read = early === undefined ? [] : [early];
  const handshake = new TlsHandshake("startTls", async () => {
    const tls = await importOutside(() => import("../tls/node_tls.ts"));
    return serverSide
      ? tls.acceptNodeTls(socket.conn, options as ServerSide, read)
      : tls.startNodeTls(socket.conn, options, hostname, read);
  }, hostname);
  socket.beginUpgrade(handshake);
  const timeout = checkHandshakeTimeout(options.handshakeTimeout);
  try {
    socket.endUpgrade(await shakeHands(handshake, timeout, options));
  } catch (error) {
    socket.endUpgrade();
    throw error;
  }
}

type ServerSide = StartTlsOptions & { cert: string; key: string };

function givenUp(cause: unknown): Error {
  return new Error("Cannot start TLS: the handshake was given up", { cause });
}
