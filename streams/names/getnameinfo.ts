/** @module */
import { checkPort } from "../address.ts";
import { canonical, familyOf } from "./address.ts";
import {
  checkLookupOptions,
  type LookupOptions,
  withinTimeout,
} from "./lookup_options.ts";
import { StubResolver } from "./stub_resolver.ts";
import { systemReverse } from "./system_lookup.ts";
import { describe } from "../../tasks/kernel/types.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** What {@linkcode getnameinfo} looks up: an address and a port. */
export type NameInfoAddress = Pick<Deno.NetAddr, "hostname" | "port">;

/**
 * The name of an address, and the name of the service at its port:
 * `["localhost", "http"]`. What has no name stands there as it is:
 * `["192.0.2.1", "54321"]`. Mirrors `loop.getnameinfo`.
 *
 * Without `nameServer` the system looks both up; its limits are those of
 * {@linkcode getaddrinfo}. With `nameServer` that server is asked for the name,
 * and its failures are errors.
 *
 * **Cancel safety:** as {@linkcode getaddrinfo}.
 *
 * @throws {TypeError} It is no address: a name has to be looked up before.
 * @throws {RangeError} The port is none.
 * @throws {TimeoutError} There was no answer in time.
 * @throws {Deno.errors.NotCapable} The program may not look it up.
 * @throws {Error} The name server fails, as with {@linkcode getaddrinfo}.
 *
 * @example
 * ```ts
 * import { getnameinfo } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const address = { hostname: "127.0.0.1", port: 54321 };
 * assertEquals(await getnameinfo(address), ["localhost", "54321"]);
 * ```
 */
export function getnameinfo(
  address: NameInfoAddress,
  options?: LookupOptions,
): Promise<[host: string, service: string]> {
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
