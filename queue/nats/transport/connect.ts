/** @module */
import { detached } from "../../../tasks/kernel/context/detached.ts";
import { sleep } from "../../../tasks/sleep.ts";
import { cancellable } from "../../../tasks/cancellable.ts";
import { isCancelled, TimeoutError } from "../../../tasks/kernel/errors.ts";
import { timeout } from "../../../tasks/timeout.ts";
import {
  connect,
  type ConnectionOptions,
  credsAuthenticator,
  errors,
  type NatsConnection,
} from "./client.ts";
import { NatsError } from "../errors.ts";
import {
  type Address,
  addressOf,
  type NatsJobsOptions,
} from "../nats_options.ts";

/** Between two rounds over servers that do not answer. */
const PAUSE = 100;

/** Without an answer to a ping for twice as long, a connection is lost. */
const PING_INTERVAL = 10_000;

/** Connects to the first server that answers, within `ms` milliseconds. */
export async function connectTo(
  options: NatsJobsOptions,
  ms: number,
): Promise<NatsConnection> {
  const address = addressOf(options);
  const where = address.servers.join(", ");
  let last: unknown;
  try {
    return await timeout(ms, async () => {
      while (true) {
        try {
          return await dial(connectionOptions(address, options, ms));
        } catch (error) {
          if (isCancelled(error)) throw error;
          if (isFinal(error)) throw refusal(where, error);
          last = error;
        }
        await sleep(PAUSE);
      }
    });
  } catch (error) {
    if (!(error instanceof TimeoutError)) throw error;
    const why = last instanceof Error ? `: ${last.message}` : "";
    throw new NatsError(`no NATS server at ${where} within ${ms} ms${why}`, {
      cause: last ?? error,
    });
  }
}

async function dial(options: ConnectionOptions): Promise<NatsConnection> {
  const dialled = detached(() => connect(options));
  try {
    return await cancellable(dialled);
  } catch (error) {
    // Given up: should it come about after all, it goes at once.
    dialled.then((connection) => connection.close(), () => {});
    throw error;
  }
}

function connectionOptions(
  address: Address,
  { credentials, tls }: NatsJobsOptions,
  ms: number,
): ConnectionOptions {
  const options: ConnectionOptions = {
    servers: address.servers,
    timeout: Math.min(Math.max(ms, 1), 20_000),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    pingInterval: PING_INTERVAL,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
  const { user, password, token } = address;
  if (user !== undefined) options.user = user;
  if (password !== undefined) options.pass = password;
  if (token !== undefined) options.token = token;
  if (credentials !== undefined) {
    options.authenticator = credsAuthenticator(
      new TextEncoder().encode(credentials),
    );
  }
  if (address.tls) {
    const { caCerts, cert, key } = typeof tls === "object" ? tls : {};
    options.tls = {};
    if (caCerts !== undefined) options.tls.ca = caCerts.join("\n");
    if (cert !== undefined) options.tls.cert = cert;
    if (key !== undefined) options.tls.key = key;
  }
  return options;
}

/** Whether trying again would change nothing. */
function isFinal(error: unknown): boolean {
  return error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError ||
    error instanceof errors.InvalidArgumentError;
}

function refusal(where: string, error: unknown): NatsError {
  const why = error instanceof errors.InvalidArgumentError
    ? "cannot be connected to as asked"
    : "lets nobody in with this user and password, token or credentials";
  return new NatsError(`NATS at ${where} ${why}`, { cause: error });
}
