/** @module */
import type { DatagramEndpoint } from "./datagram_endpoint.ts";
import type { DatagramOptions } from "./datagram_options.ts";
import { LazyModule } from "../../tasks/kernel/wait/lazy_module.ts";

const sockets = new LazyModule(() => import("./bind_endpoint.ts"));

/**
 * Opens a UDP socket. Takes the place of `loop.create_datagram_endpoint`, whose
 * transport and protocol are in `@asyncio/asyncio/streams/transports`.
 *
 * It needs no unstable flag of the runtime: it stands on `node:dgram`, which is
 * loaded by the first call.
 *
 * **Cancel safety:** given up, nothing is left open.
 *
 * @throws {TypeError} An address or a group is none, or they are of two
 * families.
 * @throws {RangeError} A port is none.
 * @throws {Deno.errors.AddrInUse} The port is taken.
 * @throws {Deno.errors.AddrNotAvailable} The address is not of this machine.
 * @throws {Deno.errors.NotFound} There is no such name.
 *
 * @example A client
 * ```ts
 * import { openDatagram } from "@asyncio/asyncio/streams";
 * import { timeout } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * using server = await openDatagram({ hostname: "127.0.0.1" });
 * using client = await openDatagram({ remote: server.address });
 * await client.send("ping");
 *
 * const { data, from } = await timeout(1000, () => server.receive());
 * assertEquals(new TextDecoder().decode(data), "ping");
 * await server.send("pong", from);
 * await client.receive();
 * ```
 *
 * @example A group on this machine
 * ```ts
 * import { openDatagram } from "@asyncio/asyncio/streams";
 *
 * const multicast = { group: "239.1.2.3", interface: "127.0.0.1" };
 * using member = await openDatagram({ reusePort: true, multicast });
 * using sender = await openDatagram({ multicast });
 * await sender.send("to all", {
 *   hostname: "239.1.2.3",
 *   port: member.address.port,
 * });
 * const { from } = await member.receive();
 * console.log(from);
 * ```
 */
export function openDatagram(
  options?: DatagramOptions,
): Promise<DatagramEndpoint> {
  return sockets.use(({ bindEndpoint }) => bindEndpoint(options), options);
}
