/**
 * A datagram socket: what `node:dgram` gives, without its traps.
 *
 * - Datagrams leave in the order of the calls only if each waits for the one
 *   before; `close` would drop those that have not left.
 * - A `connect` of `node:dgram` is a default for `send` and nothing else: what
 *   strangers send arrives as well.
 * - For each datagram the runtime allocates 64 KiB. Freeing them here, rather
 *   than when garbage is collected, doubles the throughput.
 *
 * @module
 */
import { isGranted } from "../../tasks/kernel/permissions.ts";
import type { RemoteInfo, Socket } from "node:dgram";
import { formatAddress } from "../address.ts";
import {
  type DatagramAddress,
  groupsOf,
  type MulticastOptions,
} from "./datagram_options.ts";
import type { DatagramTarget } from "./datagram_target.ts";
import { canonical, familyOf } from "../names/ip_address.ts";
import { systemError } from "../names/system_lookup.ts";

/** A datagram that has arrived. */
export interface Datagram {
  /** Its bytes, the caller's own. */
  data: Uint8Array<ArrayBuffer>;
  /** The address of the sender: an answer goes there. */
  from: Deno.NetAddr;
}

/** Gets the datagrams that arrive. */
export interface DatagramReceiver {
  received(datagram: Datagram): void;
  failed(error: Error): void;
}

export class DatagramSocket {
  /** The address it is bound to. */
  readonly address: Deno.NetAddr;
  /** Its only peer, if it has one. */
  readonly remote: Deno.NetAddr | undefined;
  /** Set at once, before anything can arrive. */
  receiver: DatagramReceiver | undefined;
  readonly #socket: Socket;
  #closed = false;
  /** The peer's address as the system has spelled it last. */
  #spelling: string | undefined;

  /**
   * Binds it.
   *
   * @throws {Deno.errors.AddrInUse | Deno.errors.AddrNotAvailable} Of the
   * address.
   */
  constructor(target: DatagramTarget) {
    const { family, hostname, port, remote, reusePort } = target;
    const socket = this.#socket = globalThis.process.getBuiltinModule(
      "node:dgram",
    )
      .createSocket({
        type: family === 4 ? "udp4" : "udp6",
        reuseAddr: reusePort,
        lookup: lookUpNames,
      });
    this.remote = remote;
    let failure: Error | undefined;
    socket.on("message", this.#received);
    socket.on("error", (error: Error) => failure = error);
    try {
      socket.bind(port, hostname); // an address, so this is done at once
      if (failure !== undefined) throw failure;
      const { address, port: bound } = socket.address();
      this.address = { transport: "udp", hostname: address, port: bound };
      if (target.broadcast) socket.setBroadcast(true);
      if (target.multicast) joinGroups(socket, target.multicast);
    } catch (error) {
      socket.close();
      throw explained(
        error,
        `Cannot bind ${formatAddress({ ...target, transport: "udp" })}`,
      );
    }
    socket.on("error", (error: Error) => this.receiver?.failed(error));
  }

  /**
   * Sends one datagram, and calls `done` when the system has taken or refused
   * it. The next call has to come after that. `data` is copied at once.
   */
  send(
    data: Uint8Array,
    to: DatagramAddress,
    done: (error: Error | undefined) => void,
  ): void {
    this.#socket.send(data, to.port, to.hostname, (error) => {
      done(error ? sendError(error, data.length, to) : undefined);
    });
  }

  /** Closes the socket, and drops the datagram that is being sent. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.close();
  }

  #received = (message: Uint8Array<ArrayBuffer>, from: RemoteInfo): void => {
    const data = owned(message);
    if (this.#closed || this.#isStranger(from)) return;
    const { address: hostname, port } = from;
    const sender = { transport: "udp", hostname, port } as const;
    this.receiver?.received({ data, from: sender });
  };

  #isStranger({ address, port }: RemoteInfo): boolean {
    const { remote } = this;
    if (remote === undefined) return false;
    if (port !== remote.port) return true;
    if (address === this.#spelling) return false;
    if (canonical(address) !== canonical(answering(remote.hostname))) {
      return true;
    }
    this.#spelling = address;
    return false;
  }
}

/** The bytes of a message alone, in memory of their own. */
function owned(message: Uint8Array<ArrayBuffer>): Uint8Array<ArrayBuffer> {
  const { buffer, byteOffset, length } = message;
  return byteOffset === 0
    ? new Uint8Array(buffer.transfer(length))
    : new Uint8Array(message);
}

/** The host that answers for `hostname`: for "any address", this machine. */
function answering(hostname: string): string {
  const address = canonical(hostname);
  return address === "0.0.0.0"
    ? "127.0.0.1"
    : address === "::"
    ? "::1"
    : address;
}

/** An address is its own result, at once. */
function lookUpNames(
  hostname: string,
  family: number | object,
  // deno-lint-ignore no-explicit-any -- as node:dns declares it
  done: (error: any, address: any, family: any) => void,
): void {
  if (familyOf(hostname) === undefined) {
    globalThis.process.getBuiltinModule("node:dns")
      .lookup(hostname, family as number, done);
  } else {
    done(null, hostname, family);
  }
}

function joinGroups(socket: Socket, multicast: MulticastOptions): void {
  const { interface: at, source, loopback, ttl } = multicast;
  for (const group of groupsOf(multicast)) {
    if (source === undefined) socket.addMembership(group, at);
    else socket.addSourceSpecificMembership(source, group, at);
  }
  if (at !== undefined) socket.setMulticastInterface(at);
  if (loopback !== undefined) socket.setMulticastLoopback(loopback);
  if (ttl !== undefined) socket.setMulticastTTL(ttl);
}

/** The kind of error that the runtime itself has for it. */
function explained(error: unknown, what: string): unknown {
  if (!(error instanceof Error) || error instanceof Deno.errors.NotCapable) {
    return error;
  }
  const { code } = error as { code?: string };
  const Kind = code === "EADDRINUSE"
    ? Deno.errors.AddrInUse
    : code === "EADDRNOTAVAIL"
    ? Deno.errors.AddrNotAvailable
    : Error;
  const explained = new Kind(`${what}: ${error.message}`, { cause: error });
  return Object.assign(explained, { code });
}

/**
 * The runtime reports every failure of a send as "unknown", even if the program
 * lacks the permission.
 */
function sendError(
  cause: Error,
  size: number,
  to: DatagramAddress,
): Error {
  const where = formatAddress({ ...to, transport: "udp" });
  const { code, syscall } = cause as NodeJS.ErrnoException;
  if (syscall === "getaddrinfo") return systemError(to.hostname, cause);
  if (code === "EMSGSIZE") {
    return new RangeError(
      `Cannot send ${size} bytes to ${where}: the datagram is too large`,
      { cause },
    );
  }
  if (!isPermitted(to)) {
    return new Deno.errors.NotCapable(
      `Cannot send to ${where}: it takes the permission --allow-net=${where}`,
      { cause },
    );
  }
  return new Error(`Cannot send to ${where}: ${cause.message}`, { cause });
}

function isPermitted({ hostname, port }: DatagramAddress): boolean {
  const host = formatAddress({ transport: "udp", hostname, port });
  return isGranted({ name: "net", host });
}
