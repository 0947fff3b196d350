/** @module */
import { checkFactory } from "./check_protocol.ts";
import { checkRun, type Connected, endWithRun } from "./connected.ts";
import { ProtocolCalls } from "./protocol_calls.ts";
import type { DatagramProtocol } from "./protocols.ts";
import type { DatagramTransport } from "./transport.ts";
import { UdpTransport } from "./udp_transport.ts";
import type { DatagramOptions } from "../datagram/datagram_options.ts";
import { DatagramSocket } from "../datagram/datagram_socket.ts";
import { resolveTarget } from "../datagram/datagram_target.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/**
 * Opens a UDP socket for a protocol. Mirrors `loop.create_datagram_endpoint`;
 * `openDatagram` is the same without callbacks.
 *
 * When it resolves, `connectionMade` has been called; nothing is received before
 * the code that awaits it has gone on. What was made in a `run` is closed at its
 * end.
 *
 * **Cancel safety:** given up, it leaves nothing open, and makes no protocol.
 *
 * @param options As those of `openDatagram`.
 *
 * @throws {TypeError} `factory` is no function, or makes no protocol; an address
 * is none.
 * @throws {Deno.errors.AddrInUse} The port is taken.
 * @throws {Deno.errors.AddrNotAvailable} The address is not of this machine.
 * @throws {Deno.errors.NotFound} There is no such name.
 *
 * @example
 * ```ts
 * import {
 *   createDatagramEndpoint,
 *   DatagramProtocol,
 *   type DatagramTransport,
 * } from "@asyncio/asyncio/streams/transports";
 * import { openDatagram } from "@asyncio/asyncio/streams";
 * import { assertEquals } from "@std/assert";
 *
 * class Echo extends DatagramProtocol {
 *   #transport!: DatagramTransport;
 *   override connectionMade(transport: DatagramTransport) {
 *     this.#transport = transport;
 *   }
 *   override datagramReceived(data: Uint8Array, from: Deno.NetAddr) {
 *     this.#transport.sendTo(data, from);
 *   }
 * }
 *
 * const { transport } = await createDatagramEndpoint(() => new Echo(), {
 *   hostname: "127.0.0.1",
 * });
 * const remote = transport.getExtraInfo("sockname") as Deno.NetAddr;
 * using client = await openDatagram({ remote });
 * await client.send("hello");
 * const { data } = await client.receive();
 * assertEquals(new TextDecoder().decode(data), "hello");
 * transport.close();
 * ```
 */
export function createDatagramEndpoint<P extends DatagramProtocol>(
  factory: () => P,
  options?: DatagramOptions,
): Promise<Connected<DatagramTransport, P>> {
  return composite(() => open(factory, options));
}

async function open<P extends DatagramProtocol>(
  factory: () => P,
  options: DatagramOptions = {},
): Promise<Connected<DatagramTransport, P>> {
  checkFactory(factory, "createDatagramEndpoint");
  const target = await resolveTarget(options);
  checkRun();
  const calls = new ProtocolCalls();
  const socket = calls.enter(() => new DatagramSocket(target));
  try {
    const protocol = factory();
    const transport = new UdpTransport(socket, protocol, calls);
    endWithRun(transport);
    transport.start();
    return { transport, protocol };
  } catch (error) {
    socket.close();
    throw error;
  }
}
