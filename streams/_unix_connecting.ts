/** @module */
import type { ConnectionParts } from "./_connection.ts";
import type { Operation } from "./_operation.ts";

/** Opening a Unix socket: nothing that could be stopped, and soon over. */
export class UnixConnecting implements Operation<ConnectionParts> {
  readonly what = "openConnection";
  readonly #path: string;

  constructor(path: string) {
    this.#path = path;
  }

  async start(): Promise<ConnectionParts> {
    const peername = { transport: "unix" as const, path: this.#path };
    return { conn: await Deno.connect(peername), peername };
  }

  abandon(): void {}

  discard({ conn }: ConnectionParts): void {
    conn.close();
  }
}
