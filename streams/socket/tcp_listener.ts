/** @module */
import { listenersClosed } from "./accept_loop.ts";
import type { Bound, Listener } from "./listener.ts";
import { named } from "./named_error.ts";
import { type Operation, perform } from "./operation.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { importOutside } from "../../tasks/kernel/wait/lazy_module.ts";

/** A host, or one of its addresses, and a port. */
export interface Host {
  readonly hostname: string;
  readonly port: number;
}

/** How to listen over TCP. */
export interface TcpTarget extends Host {
  tcpBacklog?: number;
  reusePort: boolean;
  /** The certificate to show; left out, the connections are plain. */
  tls:
    | { cert: string; key: string; alpnProtocols?: string[] | undefined }
    | undefined;
}

/**
 * How often another free port is tried, where the first one is taken on one of
 * the addresses.
 */
const MAX_TRIES = 10;

/** Listens on all addresses of the host, on the same port. */
export function listenTcp(
  target: TcpTarget,
  options: WaitOptions,
): Promise<Listener[]> {
  const listen = (host: Host) => listenOne({ ...target, ...host });
  return listenOnHost(target, listen, options);
}

/**
 * Calls `listen` for all addresses of the host, with the same port; 0 is a free
 * one.
 */
export async function listenOnHost<B extends Bound>(
  { hostname, port }: Host,
  listen: (host: Host) => B,
  options: WaitOptions,
): Promise<B[]> {
  const addresses = isAddress(hostname)
    ? [hostname]
    : await perform(new Lookup(hostname), options);
  for (let tries = 1;; tries++) {
    try {
      return listenAll(addresses, port, listen);
    } catch (error) {
      const isFixed = port !== 0 || addresses.length === 1;
      const most = isFixed ? 2 : MAX_TRIES;
      if (!(error instanceof Deno.errors.AddrInUse) || tries === most) {
        throw named(`Cannot listen at ${hostname}:${port}`, error);
      }
    }
    // The runtime frees the port of a closed listener a moment later.
    await perform(new Closing(), options);
  }
}

function listenAll<B extends Bound>(
  addresses: string[],
  firstPort: number,
  listen: (host: Host) => B,
): B[] {
  const all: B[] = [];
  let port = firstPort;
  let missing: unknown;
  for (const hostname of addresses) {
    try {
      const one = listen({ hostname, port });
      all.push(one);
      port = (one.sockname as Deno.NetAddr).port;
    } catch (error) {
      // A machine without IPv6 still has an IPv6 address for its name.
      if (error instanceof Deno.errors.AddrNotAvailable) {
        missing = error;
        continue;
      }
      for (const one of all) one.close();
      throw error;
    }
  }
  if (all.length === 0) throw missing;
  return all;
}

function listenOne({ tls, ...target }: TcpTarget): Listener {
  const listener: Deno.Listener = tls === undefined
    ? Deno.listen(target)
    : Deno.listenTls({
      ...target,
      cert: tls.cert,
      key: tls.key,
      ...(tls.alpnProtocols && { alpnProtocols: tls.alpnProtocols }),
    });
  return {
    sockname: listener.addr,
    accept: () => listener.accept(),
    close: () => listener.close(),
  };
}

function isAddress(hostname: string): boolean {
  return hostname.includes(":") || /^[\d.]+$/.test(hostname);
}

/** The closing of this program's own listeners. */
class Closing implements Operation<void> {
  readonly what = "closing of a listener";
  readonly start = listenersClosed;
  abandon(): void {}
  discard(): void {}
}

/** Asking the system for the addresses of a name. */
class Lookup implements Operation<string[]> {
  readonly what = "look-up of the host to listen on";
  readonly #hostname: string;

  constructor(hostname: string) {
    this.#hostname = hostname;
  }

  async start(): Promise<string[]> {
    const { lookup } = await importOutside(() => import("node:dns/promises"));
    try {
      const found = await lookup(this.#hostname, { all: true });
      if (found.length > 0) {
        return [...new Set(found.map(({ address }) => address))];
      }
    } catch {
      // listening says what is wrong with it
    }
    return [this.#hostname];
  }

  abandon(): void {}
  discard(): void {}
}
