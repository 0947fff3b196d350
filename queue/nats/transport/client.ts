/**
 * NATS's own client: the one file that names it. JetStream is spoken to in its
 * own JSON over it, as a `get` that can be cancelled needs pulls one by one.
 *
 * Its version is exact, as a part of it is used that it does not export at its
 * root; `tests/queue/nats/client_test.ts` fails if that part changes.
 *
 * @module
 */
import {
  type ConnectionOptions,
  NatsConnectionImpl,
  setTransportFactory,
} from "npm:@nats-io/transport-node@3.4.0";
import type { NatsConnection } from "npm:@nats-io/transport-node@3.4.0";
import {
  nodeResolveHost,
  NodeTransport,
} from "npm:@nats-io/transport-node@3.4.0/lib/node_transport.js";

export { credsAuthenticator, errors } from "npm:@nats-io/transport-node@3.4.0";
export type {
  Authenticator,
  ConnectionOptions,
  Msg,
  MsgHdrs,
  NatsConnection,
  Subscription,
} from "npm:@nats-io/transport-node@3.4.0";

/** The options of the client, and a word about where it connects to. */
export interface DialOptions extends ConnectionOptions {
  /** Called with `host:port` before a server is connected to. */
  onDial?: ((server: string) => void) | undefined;
}

/** Opens a connection, as the client's own `connect` does. */
export function connect(options: DialOptions): Promise<NatsConnection> {
  setTransportFactory({
    factory: () => new GuardedTransport(),
    dnsResolveFn: nodeResolveHost,
  });
  return NatsConnectionImpl.connect(options);
}

/**
 * The client takes its listeners off a socket before it destroys it. An error
 * that is on its way by then (a server that refuses a login closes the
 * connection as well) would find no listener, and end the process.
 */
class GuardedTransport extends NodeTransport {
  override connect(
    ...[server, options]: Parameters<NodeTransport["connect"]>
  ): ReturnType<NodeTransport["connect"]> {
    const { hostname, port, tlsName } = server;
    const host = tlsName || hostname; // the name, if that was looked up
    (options as DialOptions).onDial?.(`${host}:${port}`);
    return super.connect(server, options);
  }

  override async dial(
    ...where: Parameters<NodeTransport["dial"]>
  ): ReturnType<NodeTransport["dial"]> {
    return guarded(await super.dial(...where));
  }

  override async tlsFirst(
    ...where: Parameters<NodeTransport["tlsFirst"]>
  ): ReturnType<NodeTransport["tlsFirst"]> {
    return guarded(await super.tlsFirst(...where));
  }

  override async startTLS(): ReturnType<NodeTransport["startTLS"]> {
    return guarded(await super.startTLS());
  }
}

/** What of a socket is touched here. */
interface Emitter {
  on(event: "error", listener: () => void): unknown;
  removeAllListeners(event?: string | symbol): this;
}

/** Lets `socket` always have a listener for errors. */
function guarded<S extends Emitter>(socket: S): S {
  const removeAllListeners = socket.removeAllListeners.bind(socket);
  const ignore = () => {};
  socket.on("error", ignore);
  socket.removeAllListeners = (...event) => { // none stands for all
    removeAllListeners(...event);
    socket.on("error", ignore);
    return socket;
  };
  return socket;
}
