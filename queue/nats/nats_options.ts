/** @module */
import {
  checkMilliseconds,
  describe,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";
import type { JobsOptions } from "../jobs/options.ts";

/**
 * The options of a queue on NATS.
 *
 * `maxSize`, `lease`, `maxAttempts`, `window`, `retention` and `replicas` belong
 * to the queue itself: the first process that opens it sets them, and one that
 * opens it later changes those that it names, and leaves the others as they are.
 * With a smaller `maxSize`, puts wait until there are fewer jobs. A shorter `lease`
 * comes into force when the present leases have run out.
 */
// deno-lint-ignore no-explicit-any -- as of JobsOptions
export interface NatsJobsOptions<T = any> extends JobsOptions<T>, WaitOptions {
  /**
   * One server or more of a cluster: `"127.0.0.1:4222"`,
   * `"nats://user:password@host"`, `"tls://host"`. These servers report the others
   * of the cluster.
   */
  servers: string | string[];
  /** The name of the queue: letters, digits, `-` and `_`, 200 at most. */
  name: string;
  /** Milliseconds that opening the queue may take; 5000 by default. */
  connectTimeout?: number | undefined;
  /**
   * The user to log in as, at all servers. A login in the URL of a server is for
   * that server only.
   */
  user?: string | undefined;
  /** The password of `user`. */
  password?: string | undefined;
  /** A token, instead of user and password. */
  token?: string | undefined;
  /** The text of a `.creds` file, instead of user and password. */
  credentials?: string | undefined;
  /**
   * Whether the connection must be encrypted, and how. It always is if a server
   * asks for TLS.
   */
  tls?: boolean | {
    caCerts?: string[];
    cert?: string;
    key?: string;
  } | undefined;
  /**
   * On how many servers of a cluster a job is kept. The default is 3 on a cluster,
   * so that jobs survive the loss of a server, and 1 on a single server.
   */
  replicas?: 1 | 3 | 5 | undefined;
}

/** A login. */
export interface Login {
  user?: string | undefined;
  password?: string | undefined;
  token?: string | undefined;
}

/** The servers, without passwords, and the login of each. */
export interface Address {
  servers: string[];
  /** By `host:port`. */
  logins: Map<string, Login | undefined>;
  tls: boolean;
}

const NAME = /^[A-Za-z0-9_-]{1,200}$/;
const URL_PARTS = /^(?:(nats|tls):\/\/)?(?:([^@/]*)@)?([^@/]+)\/?$/i;

/** Refuses bad options. */
export function checkNatsOptions(options: NatsJobsOptions): void {
  const { name, connectTimeout, replicas } = options ?? {};
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new TypeError(
      `Cannot open a queue of jobs: its name is made of letters, digits, - and _, 200 at most, received ${
        describe(name)
      }`,
    );
  }
  if (connectTimeout !== undefined) {
    checkMilliseconds(
      connectTimeout,
      "Cannot open a queue of jobs: connectTimeout",
    );
  }
  if (replicas !== undefined && ![1, 3, 5].includes(replicas)) {
    throw new RangeError(
      `Cannot open a queue of jobs: replicas is 1, 3 or 5, received ${
        describe(replicas)
      }`,
    );
  }
  checkLogin(options);
}

/** The options that are texts. */
const TEXTS = ["user", "password", "token", "credentials"] as const;

function checkLogin(options: NatsJobsOptions): void {
  for (const option of TEXTS) {
    const value: unknown = options[option];
    if (value === undefined || typeof value === "string") continue;
    throw new TypeError(
      `Cannot open a queue of jobs: ${option} is a text, received ${
        describe(value)
      }`,
    );
  }
}

/** The servers in `options`, with their logins. */
export function addressOf(options: NatsJobsOptions): Address {
  const { servers, user, password, token } = options;
  const list = typeof servers === "string" ? [servers] : servers;
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError(
      `Cannot open a queue of jobs: servers is one server or more, received ${
        describe(list)
      }`,
    );
  }
  const common = user === undefined && token === undefined
    ? undefined
    : { user, password, token };
  const address: Address = {
    servers: [],
    logins: new Map(),
    tls: options.tls !== undefined && options.tls !== false,
  };
  for (const server of list) {
    const parts = typeof server === "string" ? URL_PARTS.exec(server) : null;
    if (parts === null) {
      throw new TypeError(
        "Cannot open a queue of jobs: a server is host:port, nats://user:password@host:port or tls://host:port",
      );
    }
    const [, scheme, login, host] = parts;
    const full = withPort(host!);
    address.servers.push(host!);
    address.logins.set(full, common ?? loginIn(login));
    if (scheme?.toLowerCase() === "tls") address.tls = true;
  }
  return address;
}

function loginIn(text: string | undefined): Login | undefined {
  if (text === undefined) return undefined;
  const colon = text.indexOf(":");
  if (colon < 0) return { token: decoded(text) };
  return {
    user: decoded(text.slice(0, colon)),
    password: decoded(text.slice(colon + 1)),
  };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new TypeError(
      "Cannot open a queue of jobs: the login in the URL of a server is no percent-encoding",
    );
  }
}

const DEFAULT_PORT = 4222;

/** Adds the default port, and takes off the brackets of an IPv6 address. */
function withPort(host: string): string {
  const full = /^(\[.*\]|[^:]*)$/.test(host) ? `${host}:${DEFAULT_PORT}` : host;
  return full.replace(/[[\]]/g, "");
}
