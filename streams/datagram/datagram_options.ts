/** @module */
import { checkHostname, checkPort } from "../address.ts";
import {
  checkFlags,
  checkOptions,
  describe,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";

/** Where datagrams go to or come from. */
export interface DatagramAddress {
  /** The host: an address or a name. */
  hostname: string;
  /** The UDP port. */
  port: number;
  /** As a `Deno.NetAddr` has it; it changes nothing. */
  transport?: Deno.NetAddr["transport"] | undefined;
}

/** Which multicast datagrams are received, and how they are sent. */
export interface MulticastOptions {
  /** The group to join, or several: addresses such as `"239.1.2.3"`. */
  group: string | string[];
  /**
   * The address of the network interface to join and to send on; the system's
   * choice unless given.
   */
  interface?: string | undefined;
  /** Receives what this address sends, and no other (IPv4 only). */
  source?: string | undefined;
  /** Whether this machine receives what it sends; true unless given. */
  loopback?: boolean | undefined;
  /** How many routers a datagram may pass, 1 to 255; 1 unless given. */
  ttl?: number | undefined;
}

/** Where {@linkcode openDatagram} binds, and how. */
export interface DatagramOptions extends WaitOptions {
  /**
   * The address to bind, or a name. Every address of the machine unless given:
   * `"0.0.0.0"`, or `"::"` with an IPv6 `remote` or group.
   */
  hostname?: string | undefined;
  /** The UDP port; 0, or left out: a free one. */
  port?: number | undefined;
  /**
   * The one peer: datagrams go there unless `send` says otherwise, and those of
   * other senders are dropped.
   */
  remote?: DatagramAddress | undefined;
  /** Whether it may send to broadcast addresses; false unless given. */
  broadcast?: boolean | undefined;
  /**
   * Whether other sockets may bind the same port; false unless given. All of
   * them have to ask for it. Each gets every multicast and broadcast datagram;
   * any other goes to the one that was bound last.
   */
  reusePort?: boolean | undefined;
  /** The multicast group to join, or how. */
  multicast?: string | MulticastOptions | undefined;
}

const ACTION = "open a socket";

/** @throws {TypeError | RangeError} Something among `options` is wrong. */
export function checkDatagramOptions(options: DatagramOptions): void {
  checkOptions(options, ACTION);
  const { hostname, port = 0, remote, multicast } = options;
  if (hostname !== undefined) checkHostname(hostname);
  checkPort(port);
  if (remote !== undefined) checkDestination(remote, "remote");
  checkFlags(options, ["broadcast", "reusePort"], ACTION);
  if (multicast !== undefined) checkMulticast(multicastOf(multicast));
}

/** @throws {TypeError | RangeError} Nothing can be sent there. */
export function checkDestination(
  value: unknown,
  what: string,
): asserts value is DatagramAddress {
  if (typeof value !== "object" || value === null) {
    throw new TypeError(
      `Cannot use an address: ${what} is { hostname, port }, received ${
        describe(value)
      }`,
    );
  }
  const { hostname, port } = value as DatagramAddress;
  checkHostname(hostname, `${what}.hostname`);
  checkPort(port);
  if (port === 0) {
    throw new RangeError(`Cannot send to port 0 (${what}.port)`);
  }
}

/** The options in their long form. */
export function multicastOf(
  multicast: string | MulticastOptions,
): MulticastOptions {
  return typeof multicast === "string" ? { group: multicast } : multicast;
}

/** The groups to join. */
export function groupsOf({ group }: MulticastOptions): string[] {
  return typeof group === "string" ? [group] : group;
}

function checkMulticast(multicast: MulticastOptions): void {
  if (typeof multicast !== "object" || multicast === null) {
    throw new TypeError(
      `Cannot open a socket: multicast is a group or options, received ${
        describe(multicast)
      }`,
    );
  }
  const groups = groupsOf(multicast);
  if (!Array.isArray(groups) || groups.length === 0) {
    throw new TypeError(
      `Cannot open a socket: multicast.group is an address or a list of them, received ${
        describe(multicast.group)
      }`,
    );
  }
  for (const group of groups) checkHostname(group, "multicast.group");
  for (const name of ["interface", "source"] as const) {
    const address: unknown = multicast[name];
    if (address !== undefined) checkHostname(address, `multicast.${name}`);
  }
  checkFlags(multicast, ["loopback"], ACTION);
  const { ttl = 1 } = multicast;
  if (!Number.isInteger(ttl) || ttl < 1 || ttl > 255) {
    throw new RangeError(
      `Cannot open a socket: multicast.ttl is a number from 1 to 255, received ${
        describe(ttl)
      }`,
    );
  }
}
