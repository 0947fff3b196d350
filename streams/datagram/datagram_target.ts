/** @module */
import {
  checkDatagramOptions,
  type DatagramOptions,
  groupsOf,
  multicastOf,
  type MulticastOptions,
} from "./datagram_options.ts";
import { type Family, familyOf } from "../names/ip_address.ts";
import { systemLookup } from "../names/system_lookup.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";

/** What a socket is bound to, as addresses. */
export interface DatagramTarget {
  readonly family: Family;
  readonly hostname: string;
  readonly port: number;
  readonly remote: Deno.NetAddr | undefined;
  readonly broadcast: boolean;
  readonly reusePort: boolean;
  readonly multicast: MulticastOptions | undefined;
}

/** Looks the names up; an address needs no look-up. */
export async function resolveTarget(
  options: DatagramOptions,
): Promise<DatagramTarget> {
  checkDatagramOptions(options);
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const { hostname, port = 0, remote } = options;
  const multicast = options.multicast === undefined
    ? undefined
    : multicastOf(options.multicast);
  const wanted = multicast && familyOf(groupsOf(multicast)[0]!);
  const local = hostname === undefined
    ? undefined
    : await resolve(hostname, wanted, options);
  const peer = remote &&
    await resolve(remote.hostname, wanted ?? local?.family, options);
  const family = wanted ?? local?.family ?? peer?.family ?? 4;
  return {
    family,
    hostname: local?.address ?? (family === 4 ? "0.0.0.0" : "::"),
    port,
    remote: peer &&
      { transport: "udp", hostname: peer.address, port: remote!.port },
    broadcast: options.broadcast ?? false,
    reusePort: options.reusePort ?? false,
    multicast,
  };
}

async function resolve(
  hostname: string,
  wanted: Family | undefined,
  { signal }: WaitOptions,
): Promise<{ address: string; family: Family }> {
  const family = familyOf(hostname);
  if (family === undefined) {
    const [first] = await systemLookup(hostname, { signal, family: wanted });
    return first!;
  }
  if (wanted !== undefined && wanted !== family) {
    throw new TypeError(
      `Cannot use ${hostname} on a socket for IPv${wanted}: all addresses of a socket are of one family`,
    );
  }
  return { address: hostname, family };
}
