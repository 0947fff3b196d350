/** @module */
import {
  checkMilliseconds,
  describe,
  type WaitOptions,
} from "../../tasks/kernel/types.ts";
import type { JobsOptions } from "../jobs/jobs.ts";

/**
 * Where a queue is, and how it works.
 *
 * `maxSize`, `lease`, `maxAttempts`, `window` and `replicas` belong to the
 * queue, not to who opens it: the first one sets them, and who opens it later
 * changes those that it names, and leaves the others as they are.
 */
// deno-lint-ignore no-explicit-any -- as of JobsOptions
export interface NatsJobsOptions<T = any> extends JobsOptions<T>, WaitOptions {
  /**
   * One server or more of a cluster: `"127.0.0.1:4222"`,
   * `"nats://user:password@host"`, `"tls://host"`. The rest of the cluster is
   * found from there.
   */
  servers: string | string[];
  /** The name of the queue: letters, digits, `-` and `_`. */
  name: string;
  /** Milliseconds until it gives up opening the queue; 5000 unless given. */
  connectTimeout?: number | undefined;
  /** Who it logs in as; also in the URL of a server. */
  user?: string | undefined;
  /** The password of `user`. */
  password?: string | undefined;
  /** Instead of user and password. */
  token?: string | undefined;
  /** What stands in a `.creds` file, instead of user and password. */
  credentials?: string | undefined;
  /**
   * Whether the connection has to be encrypted, and how; where a server asks
   * for TLS, it is.
   */
  tls?: boolean | {
    caCerts?: string[];
    cert?: string;
    key?: string;
  } | undefined;
  /**
   * On how many servers of a cluster a job is kept. Unless given 3 on a
   * cluster, which lets it survive the loss of one, and 1 on a single server.
   */
  replicas?: 1 | 3 | 5 | undefined;
}

/** Servers without what must not be shown, and how to log in. */
export interface Address {
  servers: string[];
  user: string | undefined;
  password: string | undefined;
  token: string | undefined;
  tls: boolean;
}

const NAME = /^[A-Za-z0-9_-]{1,200}$/;
const URL_PARTS = /^(?:(nats|tls):\/\/)?(?:([^@/]*)@)?([^@/]+)\/?$/i;

/** Refuses options that make no sense. */
export function checkNatsOptions(options: NatsJobsOptions): void {
  const { name, connectTimeout, replicas } = options ?? {};
  if (typeof name !== "string" || !NAME.test(name)) {
    throw new TypeError(
      `the name of a queue is made of letters, digits, - and _, found ${
        describe(name)
      }`,
    );
  }
  if (connectTimeout !== undefined) {
    checkMilliseconds(connectTimeout, "connectTimeout");
  }
  if (replicas !== undefined && ![1, 3, 5].includes(replicas)) {
    throw new RangeError(`replicas is 1, 3 or 5, found ${describe(replicas)}`);
  }
}

/** Where the servers are, with user, password and token taken out of the URLs. */
export function addressOf(options: NatsJobsOptions): Address {
  const { servers, user, password, token } = options;
  const list = typeof servers === "string" ? [servers] : servers;
  if (!Array.isArray(list) || list.length === 0) {
    throw new TypeError(
      `servers is one server or more, found ${describe(list)}`,
    );
  }
  const address = {
    servers: [] as string[],
    user,
    password,
    token,
    tls: options.tls !== undefined && options.tls !== false,
  };
  for (const server of list) {
    const parts = URL_PARTS.exec(server);
    if (parts === null) {
      throw new TypeError(
        "a server is host:port, nats://user:password@host:port or tls://host:port",
      );
    }
    const [, scheme, login, host] = parts;
    address.servers.push(host!);
    if (scheme?.toLowerCase() === "tls") address.tls = true;
    if (login === undefined || user !== undefined || token !== undefined) {
      continue;
    }
    const colon = login.indexOf(":");
    if (colon < 0) {
      address.token = decodeURIComponent(login);
    } else {
      address.user = decodeURIComponent(login.slice(0, colon));
      address.password = decodeURIComponent(login.slice(colon + 1));
    }
  }
  return address;
}
