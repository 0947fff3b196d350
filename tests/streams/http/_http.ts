import {
  type HttpServeOptions,
  type HttpServer,
  type RequestHandler,
  serve,
} from "@asyncio/asyncio/streams";
import { LOOPBACK } from "../../_helpers/loopback.ts";
import { bytes, text } from "../_sockets.ts";

/** A server on loopback. */
export function serving(
  handler: RequestHandler,
  options: HttpServeOptions = {},
): Promise<HttpServer> {
  return serve(handler, { ...LOOPBACK, ...options });
}

/** The address of a path on a server. */
export function urlOf(server: HttpServer, path = "/"): string {
  return `http://127.0.0.1:${portOf(server)}${path}`;
}

export function portOf(server: HttpServer): number {
  return (server.addresses[0] as Deno.NetAddr).port;
}

/** Status and text of an answer, on a connection that is not kept. */
export async function get(
  server: HttpServer,
  path = "/",
  init: RequestInit = {},
): Promise<[status: number, text: string]> {
  const headers = { connection: "close" };
  const response = await fetch(urlOf(server, path), { headers, ...init });
  return [response.status, await response.text()];
}

/** What `get` gives, or the name of the error. */
export function tried(
  server: HttpServer,
  path?: string,
): Promise<[number, string] | string> {
  return get(server, path).catch((error) => error.name);
}

/** A client that says what it likes, and goes when it likes. */
export class RawClient implements Disposable {
  readonly #conn: Deno.TcpConn;
  #isClosed = false;

  constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  /** Connects and sends the beginning of a request. */
  static async send(server: HttpServer, request: string): Promise<RawClient> {
    const port = portOf(server);
    const client = new RawClient(await Deno.connect({ ...LOOPBACK, port }));
    await client.send(request);
    return client;
  }

  static get(server: HttpServer, path = "/"): Promise<RawClient> {
    return this.send(server, `GET ${path} HTTP/1.1\r\nHost: x\r\n\r\n`);
  }

  async send(data: string): Promise<void> {
    await this.#conn.write(bytes(data));
  }

  /** What comes at once; nothing at the end. */
  async read(): Promise<string> {
    const buffer = new Uint8Array(65536);
    const n = await this.#conn.read(buffer);
    return text(buffer.subarray(0, n ?? 0));
  }

  /** All that comes until the server closes, or a reset. */
  async readAll(): Promise<string> {
    let all = "";
    for (;;) {
      const part = await this.read().catch(() => "");
      if (part === "") return all;
      all += part;
    }
  }

  leave(): void {
    if (!this.#isClosed) this.#conn.close();
    this.#isClosed = true;
  }

  [Symbol.dispose](): void {
    this.leave();
  }
}
