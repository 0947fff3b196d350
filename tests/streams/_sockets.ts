import {
  openConnection,
  type Server,
  startServer,
  type StreamReader,
  type Streams,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { transport } from "./_transport.ts";
import { until } from "../_helpers/until.ts";

/** How many file descriptors this process has open. */
export function openDescriptors(): number {
  return [...Deno.readDirSync("/proc/self/fd")].length;
}

/** Waits until no more descriptors are open than `before`. */
export function closedAgain(before: number): Promise<void> {
  return until(() => openDescriptors() <= before);
}

export const text = (bytes: Uint8Array): string =>
  new TextDecoder().decode(bytes);
export const bytes = (text: string): Uint8Array<ArrayBuffer> =>
  new TextEncoder().encode(text);

/** Where a server on TCP listens. */
export function portOf(server: Server): number {
  return (server.addresses[0] as Deno.NetAddr).port;
}

/** A connection with both ends in hand. */
export class Pair implements AsyncDisposable {
  readonly client: Streams;
  /** The other end, of the server. */
  readonly peer: Streams;
  readonly server: Server;

  private constructor(client: Streams, peer: Streams, server: Server) {
    this.client = client;
    this.peer = peer;
    this.server = server;
  }

  static async open(options: { limit?: number } = {}): Promise<Pair> {
    const taken = Promise.withResolvers<Streams>();
    const handler = (reader: StreamReader, writer: StreamWriter) =>
      taken.resolve({ reader, writer });
    const { serving, connecting } = transport();
    const server = await startServer(handler, serving());
    const client = await openConnection({ ...connecting(server), ...options });
    return new Pair(client, await taken.promise, server);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.writer.abort();
    await this.server[Symbol.asyncDispose]();
  }
}

/** Our end of a connection whose other end is a bare `Deno.Conn`. */
export class RawPair implements Disposable {
  readonly client: Streams;
  readonly peer: Deno.Conn;

  private constructor(client: Streams, peer: Deno.Conn) {
    this.client = client;
    this.peer = peer;
  }

  static async open(options: { limit?: number } = {}): Promise<RawPair> {
    const { client, peer } = await transport().openRaw!(options);
    return new RawPair(client, peer);
  }

  [Symbol.dispose](): void {
    this.client.writer.abort();
    try {
      this.peer.close();
    } catch {
      // the test has closed it
    }
  }
}

/** Reads a `Deno.Conn` to its end. */
export async function readAll(conn: Deno.Conn): Promise<string> {
  const buffer = new Uint8Array(65536);
  let all = "";
  for (let n; (n = await conn.read(buffer)) !== null;) {
    all += text(buffer.subarray(0, n));
  }
  return all;
}
