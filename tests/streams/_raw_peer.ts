import net from "node:net";
import { openConnection, type Streams } from "@asyncio/asyncio/streams";

/** Our end of a connection, whose peer can be reset. */
export class RawPeer implements AsyncDisposable {
  readonly client: Streams;
  readonly #socket: net.Socket;
  readonly #server: net.Server;

  private constructor(
    client: Streams,
    socket: net.Socket,
    server: net.Server,
  ) {
    this.client = client;
    this.#socket = socket;
    this.#server = server;
  }

  static async open(): Promise<RawPeer> {
    const accepted = Promise.withResolvers<net.Socket>();
    const server = net.createServer(
      { allowHalfOpen: true },
      (socket) => accepted.resolve(socket.on("error", () => {})),
    );
    await new Promise<void>((resolve) =>
      server.listen(0, "127.0.0.1", () => resolve())
    );
    const { port } = server.address() as net.AddressInfo;
    const client = await openConnection({ port });
    return new RawPeer(client, await accepted.promise, server);
  }

  send(data: string | Uint8Array): Promise<void> {
    return new Promise((resolve) => this.#socket.write(data, () => resolve()));
  }

  /** Ends its direction. */
  end(): void {
    this.#socket.end();
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
