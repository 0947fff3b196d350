import { LOOPBACK } from "../_helpers/loopback.ts";

/** A server that takes connections and says nothing. */
export class Silent implements Disposable {
  readonly #listener = Deno.listen({ ...LOOPBACK, port: 0 });
  readonly conns: Deno.Conn[] = [];
  readonly port = (this.#listener.addr as Deno.NetAddr).port;
  readonly #accepting = (async () => {
    for await (const conn of this.#listener) this.conns.push(conn);
  })();

  [Symbol.dispose](): void {
    this.#listener.close();
    for (const conn of this.conns) conn.close();
  }
}
