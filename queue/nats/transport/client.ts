/**
 * NATS's own client: the only file that imports it. JetStream's requests are made
 * by this package, as a `get` that can be cancelled needs single pulls.
 *
 * The version is exact, as the class of the transport is not exported at the root
 * of the package; `tests/queue/nats/client_test.ts` fails if it changes.
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

/** The options of the client, and a callback. */
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
 * The client removes its listeners from a socket before it destroys the socket. If
 * an error event comes after that, there is no listener, and the process ends. (A
 * server that refuses a login also closes the connection.)
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

  /** The client's own leaves a socket open whose server has said nothing yet. */
  override close(error?: Error): Promise<void> {
    if (this.connected) return super.close(error);
    this.discard();
    return Promise.resolve();
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

/** The part of a socket that is used here. */
interface Emitter {
  on(event: "error", listener: () => void): unknown;
  removeAllListeners(event?: string | symbol): this;
}

/** Keeps a listener for errors on `socket`, also when all listeners are removed. */
function guarded<S extends Emitter>(socket: S): S {
  const removeAllListeners = socket.removeAllListeners.bind(socket);
  const ignore = () => {};
  socket.on("error", ignore);
  socket.removeAllListeners = (...event) => { // none means all
    removeAllListeners(...event);
    socket.on("error", ignore);
    return socket;
  };
  return socket;
}
