/** The look-up of the name of an address. @module */
import { checkPort } from "../address.ts";
import type { NameInfoAddress } from "./name_info_address.ts";
import { canonical, familyOf } from "./ip_address.ts";
import {
  checkLookupOptions,
  type LookupOptions,
  withinTimeout,
} from "./lookup_options.ts";
import { StubResolver } from "./stub_resolver.ts";
import { systemReverse } from "./system_lookup.ts";
import { describe } from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** Looks `address` up, by the system or a name server. */
export function lookUpAddress(
  address: NameInfoAddress,
  options?: LookupOptions,
): Promise<[string, string]> {
  return composite(() => namesOf(address, options));
}

async function namesOf(
  address: NameInfoAddress,
  options: LookupOptions = {},
): Promise<[string, string]> {
  checkAddress(address);
  checkLookupOptions(options);
  const { hostname, port } = address;
  return await withinTimeout(
    hostname,
    options,
    () => lookUp(hostname, port, options),
  );
}

async function lookUp(
  hostname: string,
  port: number,
  options: LookupOptions,
): Promise<[string, string]> {
  const { nameServer } = options;
  try {
    if (nameServer === undefined) {
      return await systemReverse(hostname, port, options);
    }
    const resolver = new StubResolver(nameServer, options);
    const name = reverseNameOf(hostname);
    const [found = hostname] = await resolver.resolve({ name, type: "PTR" });
    return [found, await serviceAt(port, options)];
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    return [hostname, await serviceAt(port, options)];
  }
}

/** The system looks up a service only together with an address: a known one. */
async function serviceAt(
  port: number,
  options: LookupOptions,
): Promise<string> {
  try {
    const [_name, service] = await systemReverse("127.0.0.1", port, options);
    return service;
  } catch (error) {
    const isUnknown = error instanceof Deno.errors.NotFound ||
      error instanceof Deno.errors.NotCapable;
    if (!isUnknown) throw error;
    return String(port);
  }
}

/** The name under which the name of an address is found. */
function reverseNameOf(address: string): string {
  if (familyOf(address) === 4) {
    return `${address.split(".").reverse().join(".")}.in-addr.arpa`;
  }
  const [head, tail = ""] = canonical(address).split("::");
  const before = head!.split(":").filter(Boolean);
  const after = tail.split(":").filter(Boolean);
  const zeros = Array(8 - before.length - after.length).fill("0");
  const digits = [...before, ...zeros, ...after]
    .map((group) => group.padStart(4, "0")).join("");
  return `${[...digits].reverse().join(".")}.ip6.arpa`;
}

function checkAddress(address: unknown): void {
  const { hostname, port } = (address ?? {}) as Partial<NameInfoAddress>;
  if (typeof hostname !== "string" || familyOf(hostname) === undefined) {
    throw new TypeError(
      `Cannot look up a name: expected the address of a host, received ${
        describe(hostname ?? address)
      }`,
    );
  }
  checkPort(port);
}
