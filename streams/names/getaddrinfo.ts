/** @module */
import type { AddrInfo, AddrInfoOptions } from "./addr_info.ts";
import { LazyModule } from "../../tasks/kernel/wait/lazy_module.ts";

const lookups = new LazyModule(() => import("./host_lookup.ts"));

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
  return lookups.use(
    ({ lookUpHost }) => lookUpHost(host, port, options),
    options,
  );
}
