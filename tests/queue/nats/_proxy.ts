/** A wire that can be cut, and go deaf. @module */

/** Passes on what comes for a port of this machine. */
export class Proxy implements AsyncDisposable {
  /** Whether what the server says is swallowed. */
  deaf = false;
  readonly #to: number;
  readonly #listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  readonly #connections = new Set<Deno.Conn>();
  readonly #accepting: Promise<void>;
  readonly #pumping = new Set<Promise<void>>();

  constructor(to: number) {
    this.#to = to;
    this.#accepting = this.#accept();
  }

  /** Where it listens. */
  get address(): string {
    return `127.0.0.1:${this.#listener.addr.port}`;
  }

  /** Cuts all connections; new ones are welcome. */
  cut(): void {
    for (const connection of this.#connections) close(connection);
    this.#connections.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#listener.close();
    this.cut();
    await this.#accepting;
    await Promise.all(this.#pumping);
  }

  async #accept(): Promise<void> {
    try {
      for await (const client of this.#listener) {
        const server = await Deno.connect({
          hostname: "127.0.0.1",
          port: this.#to,
        });
        this.#connections.add(client).add(server);
        this.#pump(client, server, () => false);
        this.#pump(server, client, () => this.deaf);
      }
    } catch {
      // Closed.
    }
  }

  #pump(from: Deno.Conn, to: Deno.Conn, swallows: () => boolean): void {
    const pumping = (async () => {
      const buffer = new Uint8Array(65536);
      try {
        for (
          let n = await from.read(buffer);
          n !== null;
          n = await from.read(buffer)
        ) {
          for (let at = 0; at < n && !swallows();) {
            at += await to.write(buffer.subarray(at, n));
          }
        }
      } catch {
        // Cut.
      }
      close(from);
      close(to);
    })();
    this.#pumping.add(pumping);
    pumping.then(() => this.#pumping.delete(pumping));
  }
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}
