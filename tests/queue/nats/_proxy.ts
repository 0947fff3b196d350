/** A wire that can be cut, go deaf, and lie. @module */
import { WholeMessages } from "./_whole_messages.ts";

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Passes on what comes for a port of this machine. */
export class Proxy implements AsyncDisposable {
  /** Whether what the server says is swallowed. */
  deaf = false;
  /** What becomes of what the server says, in whole messages; as long as it was. */
  lie: ((said: string) => string) | undefined;
  /** What becomes of what the client says, in whole messages; as long as it was. */
  garble: ((said: string) => string) | undefined;
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

  /** How many connections go through it. */
  get connections(): number {
    return this.#connections.size / 2;
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
        const server = await this.#connect();
        if (server === undefined) {
          close(client); // the server is away
          continue;
        }
        this.#connections.add(client).add(server);
        this.#pump(client, server, (bytes) => changed(bytes, this.garble));
        this.#pump(server, client, (bytes) => this.#said(bytes));
      }
    } catch {
      // Closed.
    }
  }

  async #connect(): Promise<Deno.Conn | undefined> {
    try {
      return await Deno.connect({ hostname: "127.0.0.1", port: this.#to });
    } catch {
      return undefined;
    }
  }

  #said(bytes: Uint8Array): Uint8Array {
    if (this.deaf) return new Uint8Array();
    return changed(bytes, this.lie);
  }

  #pump(
    from: Deno.Conn,
    to: Deno.Conn,
    change = (bytes: Uint8Array): Uint8Array => bytes,
  ): void {
    const pumping = (async () => {
      const buffer = new Uint8Array(65536);
      const messages = new WholeMessages();
      try {
        for (
          let n = await from.read(buffer);
          n !== null;
          n = await from.read(buffer)
        ) {
          const bytes = change(messages.add(buffer.subarray(0, n)));
          for (let at = 0; at < bytes.length;) {
            at += await to.write(bytes.subarray(at));
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

function changed(
  bytes: Uint8Array,
  change: ((said: string) => string) | undefined,
): Uint8Array {
  if (change === undefined) return bytes;
  return encoder.encode(change(decoder.decode(bytes)));
}

function close(connection: Deno.Conn): void {
  try {
    connection.close();
  } catch {
    // Closed already.
  }
}

/** The lie that the server is one of a cluster. */
export function asCluster(said: string): string {
  return said.replace(
    /"server_name":"[^"]*"/,
    (found) => '"cluster":"c"'.padEnd(found.length),
  );
}
