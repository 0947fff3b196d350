/** A client of the socket that sends what it likes. @module */

/** What it gets. */
// deno-lint-ignore no-explicit-any -- JSON of many shapes
type Answer = any;

/** Speaks to the socket of a monitor, without the rules of its protocol. */
export class RawClient implements Disposable {
  readonly #conn: Deno.Conn;
  readonly #decoder = new TextDecoder();
  #text = "";
  #closed = false;

  private constructor(conn: Deno.Conn) {
    this.#conn = conn;
  }

  static async connect(path: string): Promise<RawClient> {
    return new RawClient(await Deno.connect({ transport: "unix", path }));
  }

  async send(...pieces: (string | object | Uint8Array)[]): Promise<void> {
    for (const piece of pieces) {
      const bytes = piece instanceof Uint8Array
        ? piece
        : new TextEncoder().encode(
          typeof piece === "string" ? piece : `${JSON.stringify(piece)}\n`,
        );
      for (let sent = 0; sent < bytes.length;) {
        sent += await this.#conn.write(bytes.subarray(sent));
      }
    }
  }

  /**
   * The next answer; nothing when the connection has ended. On a slow machine
   * there may be notices before it that the loop is busy.
   */
  async next(): Promise<Answer> {
    while (true) {
      const answer = await this.nextMessage();
      if (answer?.busy === undefined) return answer;
    }
  }

  /** The next answer or notice. */
  async nextMessage(): Promise<Answer> {
    const buffer = new Uint8Array(1 << 16);
    while (!this.#text.includes("\n")) {
      const count = await this.#conn.read(buffer).catch(() => null);
      if (count === null) return undefined;
      this.#text += this.#decoder.decode(buffer.subarray(0, count), {
        stream: true,
      });
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line === "" ? await this.nextMessage() : JSON.parse(line);
  }

  async closeWrite(): Promise<void> {
    await (this.#conn as Deno.UnixConn).closeWrite();
  }

  [Symbol.dispose](): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#conn.close();
  }
}
