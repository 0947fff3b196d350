/**
 * What the connections under test stand on: TCP, unless tests are run again over
 * something else.
 *
 * @module
 */
import {
  type ConnectOptions,
  openConnection,
  type ServeOptions,
  type Server,
  type Streams,
  type TlsOptions,
} from "@asyncio/asyncio/streams";
import { LOOPBACK } from "../_helpers/loopback.ts";

/** How servers and clients of a transport are opened. */
export interface Transport {
  serving(): ServeOptions;
  connecting(server: Server): ConnectOptions;
  /**
   * One connection, of which this end is under test, and the other is the
   * runtime's own; left out if it cannot be.
   */
  openRaw?(options: Partial<ConnectOptions>): Promise<RawEnds>;
  /** What is added to the options of the tests of TLS. */
  readonly server?: Partial<ServeOptions>;
  readonly client?: TlsOptions;
}

/** Both ends of a connection: ours, and the bare one of the peer. */
export interface RawEnds {
  client: Streams;
  peer: Deno.Conn;
}

/** What a test opens connections with, if the transport is to matter. */
const USES = /Pair\.open\(|RawPeer\.open\(|\bserving\(|\btrusting\(/;

const TCP: Transport = {
  serving: () => LOOPBACK,
  connecting: ({ addresses }) => ({
    port: (addresses[0] as Deno.NetAddr).port,
  }),
  async openRaw(options) {
    using listener = Deno.listen({ ...LOOPBACK, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    const [client, peer] = await Promise.all([
      openConnection({ port, ...options }),
      listener.accept(),
    ]);
    return { client, peer };
  },
};

let current = TCP;

/** The transport of the test that runs. */
export function transport(): Transport {
  return current;
}

/**
 * Defines the tests of `module` again, for `transport`: those that open
 * connections of its kind. Not those that `skip` names, by a part of their
 * names: each with the reason why.
 */
export async function defineOver(
  title: string,
  transport: Transport,
  module: URL,
  skip: Record<string, string> = {},
): Promise<void> {
  const { test } = Deno;
  const define = (name: string, fn: () => unknown, ignore = false): void => {
    const source = fn.toString();
    if (!USES.test(source)) return;
    if (source.includes("RawPair.open(") && !transport.openRaw) return;
    if (source.includes("RawPeer.open(") && !transport.client) return;
    if (Object.keys(skip).some((part) => name.includes(part))) return;
    test({
      name: `${title}: ${name}`,
      ignore,
      fn: async () => {
        current = transport;
        try {
          await fn();
        } finally {
          current = TCP;
        }
      },
    });
  };
  const collect = (
    first: string | { name: string; fn: () => unknown; ignore?: boolean },
    fn?: () => unknown,
  ): void => {
    if (typeof first === "string") define(first, fn!);
    else define(first.name, first.fn, first.ignore);
  };
  const runtime = Deno as { test: unknown };
  runtime.test = Object.assign(collect, test);
  try {
    await import(`${module}?over=${encodeURIComponent(title)}`);
  } finally {
    runtime.test = test;
  }
}
