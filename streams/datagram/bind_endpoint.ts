/** Opens UDP sockets. @module */
import { type DatagramEndpoint, endpointOver } from "./datagram_endpoint.ts";
import type { DatagramOptions } from "./datagram_options.ts";
import { DatagramSocket } from "./datagram_socket.ts";
import { resolveTarget } from "./datagram_target.ts";
import { detached } from "../../tasks/kernel/context/detached.ts";
import { composite } from "../../tasks/kernel/wait/handed_wait.ts";

/** Opens a socket as `options` say, with an endpoint on it. */
export function bindEndpoint(
  options?: DatagramOptions,
): Promise<DatagramEndpoint> {
  return composite(() => open(options));
}

async function open(options: DatagramOptions = {}): Promise<DatagramEndpoint> {
  const target = await resolveTarget(options);
  // Datagrams arrive in no task, and the context of the caller can be
  // collected.
  return endpointOver(detached(() => new DatagramSocket(target)));
}
