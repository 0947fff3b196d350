/** @module */
import { cancellable } from "../../../tasks/cancellable.ts";
import { detached } from "../../../tasks/kernel/context/detached.ts";
import { isCancelled, TimeoutError } from "../../../tasks/kernel/errors.ts";
import { sleep } from "../../../tasks/sleep.ts";
import { timeout } from "../../../tasks/timeout.ts";
import { NatsError } from "../errors.ts";
import {
  type Address,
  addressOf,
  type Login,
  type NatsJobsOptions,
} from "../nats_options.ts";
import {
  connect,
  credsAuthenticator,
  type DialOptions,
  errors,
  type NatsConnection,
} from "./client.ts";

/** The pause between two rounds over all servers, in milliseconds. */
const PAUSE = 100;

/** How long connecting to one server may take, at least and at most. */
const SHORTEST_DIAL = 250, LONGEST_DIAL = 20_000;

/** For the client's own pings; `ReconnectingConnection` sends others. */
const PING_INTERVAL = 60_000;

/** Connects to the first server that answers, within `ms` milliseconds. */
export async function connectTo(
  options: NatsJobsOptions,
  ms: number,
): Promise<NatsConnection> {
  const address = addressOf(options);
  const where = address.servers.join(", ");
  // The share of a silent server leaves time for the others and a second try.
  let share = ms / (2 * address.servers.length + 1);
  let last: unknown;
  try {
    return await timeout(ms, async () => {
      for (;; share *= 2) {
        try {
          return await dial(dialOptions(address, options, share));
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

async function dial(options: DialOptions): Promise<NatsConnection> {
  const dialled = detached(() => connect(options));
  try {
    return await cancellable(dialled);
  } catch (error) {
    // Given up: if the connection is made after all, it is closed at once.
    dialled.then((connection) => connection.close(), () => {});
    throw error;
  }
}

function dialOptions(
  address: Address,
  { credentials, tls }: NatsJobsOptions,
  share: number,
): DialOptions {
  const options: DialOptions = {
    servers: address.servers,
    timeout: Math.min(Math.max(share, SHORTEST_DIAL), LONGEST_DIAL),
    maxReconnectAttempts: -1,
    reconnectTimeWait: 200,
    pingInterval: PING_INTERVAL,
    maxPingOut: 2,
    noAsyncTraces: true,
  };
  if (credentials !== undefined) {
    options.authenticator = credsAuthenticator(
      new TextEncoder().encode(credentials),
    );
  } else useLogins(options, address);
  if (address.tls) {
    const { caCerts, cert, key } = typeof tls === "object" ? tls : {};
    options.tls = {};
    if (caCerts !== undefined) options.tls.ca = caCerts.join("\n");
    if (cert !== undefined) options.tls.cert = cert;
    if (key !== undefined) options.tls.key = key;
  }
  return options;
}

/**
 * Gives each server its own login. A server that was reported by another one of its
 * cluster gets the login of that one.
 */
function useLogins(options: DialOptions, { logins }: Address): void {
  if ([...logins.values()].every((login) => login === undefined)) return;
  let current: Login | undefined;
  options.onDial = (server) => {
    const known = server.replace(/[[\]]/g, ""); // of an IPv6 address
    if (logins.has(known)) current = logins.get(known);
  };
  options.authenticator = () => {
    if (current === undefined) return;
    if (current.token !== undefined) return { auth_token: current.token };
    const { user = "", password } = current;
    return password === undefined ? { user } : { user, pass: password };
  };
}

/** Whether it is useless to try again. */
function isFinal(error: unknown): boolean {
  return error instanceof errors.AuthorizationError ||
    error instanceof errors.UserAuthenticationExpiredError ||
    error instanceof errors.InvalidArgumentError;
}

function refusal(where: string, error: unknown): NatsError {
  const why = error instanceof errors.InvalidArgumentError
    ? "cannot be connected to as asked"
    : "lets no client in with this user and password, token or credentials";
  return new NatsError(`NATS at ${where} ${why}`, { cause: error });
}
