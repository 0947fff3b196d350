/** @module */
import { checkPort } from "../address.ts";
import { type Family, familyOf } from "./address.ts";
import { lookupError } from "./lookup_error.ts";
import {
  checkLookupOptions,
  checkName,
  type LookupOptions,
  withinTimeout,
} from "./lookup_options.ts";
import { type NameServer, StubResolver } from "./stub_resolver.ts";
import { type Found, systemLookup } from "./system_lookup.ts";
import { gather } from "../../tasks/gather.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { describe } from "../../tasks/kernel/types.ts";

/** One address of a host. */
export interface AddrInfo {
  /** 4 for IPv4, 6 for IPv6. */
  family: 4 | 6;
  /** The address. */
  hostname: string;
  /** The port that was given, or 0. */
  port: number;
}

/** How {@linkcode getaddrinfo} looks a name up. */
export interface AddrInfoOptions extends LookupOptions {
  /** Only addresses of this family: 4 or 6. */
  family?: 4 | 6 | undefined;
}

/**
 * All addresses of a host, none twice. Mirrors `loop.getaddrinfo`.
 *
 * Without `nameServer` the system looks the name up, in its hosts file and with
 * its name servers, and decides about the order. Its limits: it cannot be
 * stopped, so a cancelled look-up goes on inside; and it reports every failure
 * as "no such name", even if a name server cannot be reached.
 *
 * With `nameServer` that one is asked, over UDP and, if an answer is large,
 * over TCP. Then IPv4 addresses come first, and failures are told apart: only
 * for a name that does not exist the error is a `Deno.errors.NotFound`. Each
 * has the reason as `code`, with the values of `node:dns`: `"ENOTFOUND"`,
 * `"ENODATA"` (the name has no address of the family), `"ESERVFAIL"`,
 * `"EREFUSED"`, `"EFORMERR"`, `"ENOTIMP"`, `"EBADRESP"`.
 *
 * To connect, give names to {@linkcode openConnection} as they are: the runtime
 * tries the addresses as RFC 8305 says.
 *
 * **Cancel safety:** a cancelled call leaves nothing behind, except a look-up
 * of the system.
 *
 * @param host A name, or an address, which is the result itself.
 * @param port For the results.
 *
 * @throws {TypeError} `host` is no text, or empty.
 * @throws {RangeError} The port or the family is none, or no name server could
 * know such a name.
 * @throws {TimeoutError} There was no answer in time.
 * @throws {Deno.errors.NotFound} There is no such name.
 * @throws {Deno.errors.NotCapable} The program may not look it up.
 * @throws {Error} The name has no address, or the name server fails.
 *
 * @example
 * ```ts
 * import { getaddrinfo } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * const found = await getaddrinfo("localhost", 80, { family: 4 });
 * assertEquals(found, [{ family: 4, hostname: "127.0.0.1", port: 80 }]);
 * ```
 */
export function getaddrinfo(
  host: string,
  port?: number,
  options?: AddrInfoOptions,
): Promise<AddrInfo[]> {
  return composite(() => addrInfosOf(host, port, options));
}

async function addrInfosOf(
  host: string,
  port = 0,
  options: AddrInfoOptions = {},
): Promise<AddrInfo[]> {
  checkName(host, "host");
  checkPort(port);
  checkLookupOptions(options);
  checkFamily(options.family);
  const found = await addressesOf(host, options);
  const unique = new Map(found.map((it) => [it.address, it]));
  return [...unique.values()]
    .map(({ family, address }) => ({ family, hostname: address, port }));
}

async function addressesOf(
  host: string,
  options: AddrInfoOptions,
): Promise<Found[]> {
  const family = familyOf(host);
  if (family === undefined) {
    return await withinTimeout(host, options, () => lookUp(host, options));
  }
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  if ((options.family ?? family) !== family) throw lookupError(host, "ENODATA");
  return [{ address: host, family }];
}

async function lookUp(
  host: string,
  options: AddrInfoOptions,
): Promise<Found[]> {
  const { nameServer, family } = options;
  if (nameServer === undefined) return await systemLookup(host, options);
  const found = family === undefined
    ? await askForBoth(host, nameServer, options)
    : await ask(host, family, nameServer, options);
  if (found.length === 0) throw lookupError(host, "ENODATA");
  return found;
}

/**
 * Addresses of one family are enough. If there are none, the failure of one
 * query counts more than the empty answer of the other.
 */
async function askForBoth(
  host: string,
  nameServer: NameServer,
  options: AddrInfoOptions,
): Promise<Found[]> {
  const results = await gather([
    () => ask(host, 4, nameServer, options),
    () => ask(host, 6, nameServer, options),
  ], { returnExceptions: true });
  const found: Found[] = [];
  const errors: unknown[] = [];
  for (const result of results) {
    if (result.status === "fulfilled") found.push(...result.value);
    else errors.push(result.reason);
  }
  if (found.length > 0 || errors.length === 0) return found;
  throw errors.find((it) => !(it instanceof Deno.errors.NotFound)) ?? errors[0];
}

async function ask(
  host: string,
  family: Family,
  nameServer: NameServer,
  options: AddrInfoOptions,
): Promise<Found[]> {
  const resolver = new StubResolver(nameServer, options);
  const type = family === 4 ? "A" : "AAAA";
  const addresses = await resolver.resolve({ name: asciiOf(host), type });
  return addresses.map((address) => ({ address, family }));
}

/** As name servers know it: without the last dot, in letters of ASCII. */
function asciiOf(host: string): string {
  const name = host.endsWith(".") ? host.slice(0, -1) : host;
  // deno-lint-ignore no-control-regex -- all of ASCII
  if (/^[\x00-\x7f]*$/.test(name)) return name;
  if (!URL.canParse(`http://${name}`)) {
    throw new RangeError(
      `Cannot look up a name: expected one of a host, received ${
        describe(host)
      }`,
    );
  }
  return new URL(`http://${name}`).hostname;
}

function checkFamily(family: unknown): void {
  if (family === undefined || family === 4 || family === 6) return;
  throw new RangeError(
    `Cannot look up a name: family is 4 or 6, received ${describe(family)}`,
  );
}
