/** @module */
import type { Socket } from "node:net";
import { fromNodeError, NodeConn } from "./node_conn.ts";
import type { Operation } from "./operation.ts";
import { formatAddress } from "../address.ts";
import { describe } from "../../tasks/kernel/types.ts";

/** It is loaded by the first connection of this kind. */
function net(): typeof import("node:net") {
  return globalThis.process.getBuiltinModule("node:net");
}

/** What the runtime's own API cannot choose. */
export interface NodeTarget {
  hostname: string;
  port: number;
  noDelay: boolean;
  keepAlive: boolean;
  localAddress: string | undefined;
  family: 4 | 6 | undefined;
  happyEyeballsDelay: number | undefined;
}

/** Opening a TCP connection by `node:net`. */
export class NodeConnect implements Operation<NodeConn> {
  readonly what = "openConnection";
  readonly #target: NodeTarget;
  #socket: Socket | undefined;

  constructor(target: NodeTarget) {
    this.#target = target;
  }

  async start(): Promise<NodeConn> {
    const { hostname, port, localAddress, family, happyEyeballsDelay } =
      this.#target;
    if (localAddress !== undefined) checkPermission(localAddress);
    const socket = this.#socket = net().connect({
      host: hostname,
      port,
      allowHalfOpen: true,
      ...(localAddress !== undefined && { localAddress }),
      ...(family !== undefined && { family }),
      ...(happyEyeballsDelay !== undefined &&
        { autoSelectFamilyAttemptTimeout: happyEyeballsDelay }),
    });
    return await new Promise((resolve, reject) => {
      socket.once("error", (error) => reject(this.#explained(error)));
      socket.once("connect", () => resolve(this.#connected(socket)));
    });
  }

  abandon(): void {
    this.#socket?.destroy();
  }

  discard(conn: NodeConn): void {
    conn.close();
  }

  #connected(socket: Socket): NodeConn {
    const { noDelay, keepAlive } = this.#target;
    if (noDelay) socket.setNoDelay(true);
    if (keepAlive) socket.setKeepAlive(true);
    return new NodeConn(socket, {
      localAddr: addressOf(socket.localAddress, socket.localPort),
      remoteAddr: addressOf(socket.remoteAddress, socket.remotePort),
    });
  }

  #explained(error: NodeJS.ErrnoException): unknown {
    const { localAddress } = this.#target;
    if (error.code === "EPERM") {
      return new Deno.errors.NotCapable(
        "it takes the permission --allow-net to look up the name",
        { cause: error },
      );
    }
    // The runtime's way to say that the address is not one of this machine's.
    if (error.code !== "EINVAL" || localAddress === undefined) {
      return fromNodeError(error);
    }
    return Object.assign(
      new Deno.errors.AddrNotAvailable(
        `${localAddress} is no address of this machine`,
      ),
      { cause: error },
    );
  }
}

/**
 * Without the permission the runtime would throw in a turn of its own, which ends
 * the program.
 *
 * @throws {Deno.errors.NotCapable} The program may not use the address.
 */
function checkPermission(localAddress: string): void {
  const host = formatAddress({
    transport: "tcp",
    hostname: localAddress,
    port: 0,
  });
  const { state } = Deno.permissions.requestSync({ name: "net", host });
  if (state === "granted") return;
  throw new Deno.errors.NotCapable(
    `the local address takes the permission --allow-net=${host}`,
  );
}

function addressOf(hostname = "", port = 0): Deno.NetAddr {
  return { transport: "tcp", hostname, port };
}

/**
 * @throws {TypeError} They are no addresses, or do not go together.
 * @throws {RangeError} It is no family.
 */
export function checkAddresses(
  hostname: string,
  localAddress: unknown,
  family: unknown,
): void {
  if (family !== undefined && family !== 4 && family !== 6) {
    const type = typeof family === "number" ? RangeError : TypeError;
    throw new type(
      `Cannot connect: family is 4 or 6, received ${describe(family)}`,
    );
  }
  const { isIP } = net();
  const local = typeof localAddress === "string" ? isIP(localAddress) : 0;
  if (localAddress !== undefined && local === 0) {
    throw new TypeError(
      `Cannot connect: localAddress is an IP address, received ${
        describe(localAddress)
      }`,
    );
  }
  const known = [family ?? 0, local, isIP(hostname)].filter((it) => it !== 0);
  if (new Set(known).size <= 1) return;
  throw new TypeError(
    `Cannot connect to ${hostname}: it, localAddress and family are not all IPv4, or all IPv6`,
  );
}
