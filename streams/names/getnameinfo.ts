/** @module */
import type { LookupOptions } from "./lookup_options.ts";
import type { NameInfoAddress } from "./name_info_address.ts";
import { LazyModule } from "../../tasks/kernel/wait/lazy_module.ts";

const lookups = new LazyModule(() => import("./address_lookup.ts"));

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
  return lookups.use(
    ({ lookUpAddress }) => lookUpAddress(address, options),
    options,
  );
}
