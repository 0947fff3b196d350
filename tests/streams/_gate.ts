import { LOOPBACK } from "../_helpers/loopback.ts";

/**
 * A proxy in front of a server, that can hold back what goes through it, and
 * cut it off.
 */
export class Gate implements AsyncDisposable {
  readonly #listener = Deno.listen({ ...LOOPBACK, port: 0 });
  readonly port: number = (this.#listener.addr as Deno.NetAddr).port;
  readonly #target: number;
  readonly #conns: Deno.Conn[] = [];
  readonly #running: Promise<void>[] = [];
  #held: PromiseWithResolvers<void> | undefined;
  #holdFrom = Infinity;

  /**
   * @param target The port of the server.
   * @param plain What is said to a client before its bytes go through: it asks
   * with a line, and is answered with this.
   */
  constructor(target: number, readonly plain?: string) {
    this.#target = target;
    this.#running.push(this.#accept());
  }

  hold(): void {
    this.#held = Promise.withResolvers();
  }

  /** Holds everything from the message of a client on that is its `n`th. */
  holdFrom(n: number): void {
    this.#holdFrom = n;
  }

  release(): void {
    this.#held?.resolve();
  }

  /** Closes every connection, as if the cable were cut. */
  cut(): void {
    for (const conn of this.#conns) {
      try {
        conn.close();
      } catch {
        // it is closed already
      }
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.release();
    this.cut();
    await Promise.all(this.#running);
  }

  async #accept(): Promise<void> {
    for await (const conn of this.#listener) {
      this.#conns.push(conn);
      this.#running.push(this.#serve(conn).catch(() => {}));
    }
  }

  async #serve(client: Deno.Conn): Promise<void> {
    if (this.plain !== undefined) {
      const byte = new Uint8Array(1);
      do await client.read(byte); while (byte[0] !== 0x0a);
      await client.write(new TextEncoder().encode(this.plain));
    }
    const server = await Deno.connect({ ...LOOPBACK, port: this.#target });
    this.#conns.push(server);
    await Promise.all([
      this.#forward(client, server, (count) => {
        if (count === this.#holdFrom) this.hold();
      }),
      this.#forward(server, client),
    ]);
    client.close();
    server.close();
  }

  async #forward(
    from: Deno.Conn,
    to: Deno.Conn,
    came: (count: number) => void = () => {},
  ): Promise<void> {
    const buffer = new Uint8Array(65536);
    for (let n, count = 0; (n = await from.read(buffer)) !== null;) {
      came(++count);
      await this.#held?.promise;
      for (let sent = 0; sent < n;) {
        sent += await to.write(buffer.subarray(sent, n));
      }
    }
    await to.closeWrite();
  }
}
