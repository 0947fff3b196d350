import net from "node:net";
import tls from "node:tls";
import { openConnection, type Streams } from "@asyncio/asyncio/streams";
import { certificates } from "./_certificates.ts";
import { trusting } from "./_tls.ts";
import { transport } from "./_transport.ts";

/** Our end of a connection, whose peer can be reset. */
export class RawPeer implements AsyncDisposable {
  readonly client: Streams;
  /** What is talked over, which may be TLS, and what that stands on. */
  readonly #talker: net.Socket;
  readonly #socket: net.Socket;
  readonly #server: net.Server;

  private constructor(
    client: Streams,
    talker: net.Socket,
    socket: net.Socket,
    server: net.Server,
  ) {
    this.client = client;
    this.#talker = talker;
    this.#socket = socket;
    this.#server = server;
  }

  static async open(): Promise<RawPeer> {
    const accepted = Promise.withResolvers<net.Socket>();
    const encrypted = Promise.withResolvers<net.Socket>();
    const { client: tlsOptions } = transport();
    const onClient = (socket: net.Socket) =>
      accepted.resolve(socket.on("error", () => {}));
    const server = tlsOptions === undefined
      ? net.createServer({ allowHalfOpen: true }, onClient)
      : tls.createServer(
        { ...certificates().server, allowHalfOpen: true },
        (socket) => encrypted.resolve(socket.on("error", () => {})),
      ).on("connection", onClient);
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve())
    );
    const { port } = server.address() as net.AddressInfo;
    const client = await openConnection(
      tlsOptions === undefined ? { port } : trusting(port),
    );
    const socket = await accepted.promise;
    const talker = tlsOptions === undefined ? socket : await encrypted.promise;
    return new RawPeer(client, talker, socket, server);
  }

  send(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#talker.write(data, () => resolve()));
  }

  /** Ends its direction. */
  end(): void {
    this.#talker.end();
  }

  reset(): void {
    this.#socket.resetAndDestroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.client.writer.abort();
    this.#socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
