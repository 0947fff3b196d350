/** @module */
import type { SocketParts } from "./socket.ts";
import { clientOptions, startTls, TlsHandshake } from "./tls.ts";
import type { Operation } from "./operation.ts";
import type { TlsOptions } from "../tls_options.ts";

/** Where a client connects to, and how. */
export interface Target {
  hostname: string;
  port: number;
  tls: TlsOptions | undefined;
  noDelay: boolean;
  keepAlive: boolean;
}

const WHAT = "openConnection";

/** Opening a TCP connection, encrypted or not. */
export class TcpConnect implements Operation<SocketParts> {
  readonly what = WHAT;
  readonly #target: Target;
  readonly #controller = new AbortController();
  #handshake: TlsHandshake | undefined;

  constructor(target: Target) {
    this.#target = target;
  }

  async start(): Promise<SocketParts> {
    const { hostname, port, tls } = this.#target;
    if (tls === undefined) return { conn: await this.#connect(), hostname };
    const peer = `${hostname}:${port}`;
    if (tls.cert === undefined) {
      const tcp = await this.#connect();
      return this.#encrypt(() => startTls(tcp, tls, hostname), peer);
    }
    // Only this way the runtime takes a client's certificate.
    const { cert, key } = tls as { cert: string; key: string };
    const options = { ...clientOptions(tls, hostname), port, cert, key };
    return this.#encrypt(
      () => Deno.connectTls(options),
      peer,
    );
  }

  abandon(): void {
    this.#controller.abort();
    this.#handshake?.abandon();
  }

  discard({ conn }: SocketParts): void {
    if (this.#handshake === undefined) conn.close();
    else this.#handshake.discard();
  }

  async #connect(): Promise<Deno.TcpConn> {
    const { hostname, port, noDelay, keepAlive } = this.#target;
    const { signal } = this.#controller;
    const conn = await Deno.connect({ hostname, port, signal });
    if (noDelay) conn.setNoDelay(true);
    if (keepAlive) conn.setKeepAlive(true);
    return conn;
  }

  #encrypt(
    open: () => Promise<Deno.TlsConn>,
    peer: string,
  ): Promise<SocketParts> {
    this.#handshake = new TlsHandshake(WHAT, open, peer);
    return this.#handshake.start();
  }
}

/** Opening a Unix socket: nothing that could be stopped, and soon over. */
export class UnixConnect implements Operation<SocketParts> {
  readonly what = "openConnection";
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async start(): Promise<SocketParts> {
    const peername = { transport: "unix" as const, path: this.#path };
    return { conn: await Deno.connect(peername), peername };
  }

  abandon(): void {}

  discard({ conn }: SocketParts): void {
    conn.close();
  }
}
