/**
 * NATS's own client: the one package that this library uses, and this the one
 * file that names it. JetStream is spoken to in its own JSON over it, as a
 * `get` that can be cancelled needs pulls one by one.
 *
 * @module
 */
export {
  connect,
  credsAuthenticator,
  errors,
  headers,
} from "npm:@nats-io/transport-node@^3.4.0";
export type {
  ConnectionOptions,
  Msg,
  MsgHdrs,
  NatsConnection,
  Subscription,
} from "npm:@nats-io/transport-node@^3.4.0";
