/** The look-up of a host. @module */
import { checkPort } from "../address.ts";
import type { AddrInfo, AddrInfoOptions } from "./addr_info.ts";
import { type Family, familyOf } from "./ip_address.ts";
import { lookupError } from "./lookup_error.ts";
import {
  checkLookupOptions,
  checkName,
  withinTimeout,
} from "./lookup_options.ts";
import { type NameServer, StubResolver } from "./stub_resolver.ts";
import { type Found, systemLookup } from "./system_lookup.ts";
import { gather } from "../../tasks/gather.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";
import { describe } from "../../tasks/kernel/types.ts";

/** Looks `host` up, by the system or a name server. */
export function lookUpHost(
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
