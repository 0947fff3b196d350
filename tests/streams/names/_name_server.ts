/** A name server of the tests' own: what it answers is up to the test. */
import dgram from "node:dgram";

const TYPES = { A: 1, CNAME: 5, MX: 15, PTR: 12, AAAA: 28 } as const;
type Type = keyof typeof TYPES;

/** What is said to a question. */
export interface Reply {
  /** The response code; 0 unless given. */
  code?: number;
  /** Records: their name (that of the question unless given), type and value. */
  records?: { name?: string; type: Type; value: string }[];
  /** Over UDP no records, and the word that there are some. */
  truncated?: boolean;
  /** These bytes, after the right number, in place of an answer. */
  raw?: Uint8Array;
  /** Another number than that of the question. */
  wrongId?: boolean;
  /** The answer to another question. */
  wrongName?: string;
}

export interface Asked {
  name: string;
  type: Type;
  over: "udp" | "tcp";
}

/** Replies to a question; `undefined`: not at all. */
export type Answering = (asked: Asked) => Reply | Reply[] | undefined;

export class TestNameServer implements AsyncDisposable {
  readonly hostname = "127.0.0.1";
  readonly port: number;
  readonly asked: Asked[] = [];
  readonly #socket: dgram.Socket;
  readonly #listener: Deno.Listener;
  readonly #answer: Answering;
  readonly #conns = new Set<Deno.Conn>();
  readonly #serving: Promise<void>;

  private constructor(
    socket: dgram.Socket,
    listener: Deno.Listener,
    answer: Answering,
  ) {
    this.#socket = socket;
    this.#listener = listener;
    this.#answer = answer;
    this.port = socket.address().port;
    socket.on("message", (query, { port, address }) => {
      for (const reply of this.#repliesTo(query, "udp") ?? []) {
        socket.send(reply, port, address);
      }
    });
    this.#serving = this.#serve();
  }

  /** Both on the same port. */
  static async start(answer: Answering): Promise<TestNameServer> {
    while (true) {
      const socket = dgram.createSocket("udp4");
      await new Promise<void>((resolve) =>
        socket.bind(0, "127.0.0.1", resolve)
      );
      try {
        const { port } = socket.address();
        const listener = Deno.listen({ hostname: "127.0.0.1", port });
        return new TestNameServer(socket, listener, answer);
      } catch {
        socket.close(); // the port is taken over TCP
      }
    }
  }

  /** As an option of what is tested. */
  get nameServer(): { hostname: string; port: number } {
    return { hostname: this.hostname, port: this.port };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await new Promise<void>((resolve) => this.#socket.close(() => resolve()));
    this.#listener.close();
    for (const conn of this.#conns) conn.close();
    await this.#serving;
  }

  async #serve(): Promise<void> {
    const serving: Promise<void>[] = [];
    for await (const conn of this.#listener) {
      this.#conns.add(conn);
      serving.push(this.#serveConn(conn).catch(() => {}));
    }
    await Promise.all(serving);
  }

  async #serveConn(conn: Deno.Conn): Promise<void> {
    try {
      await this.#answerOver(conn);
    } finally {
      this.#conns.delete(conn);
      conn.close();
    }
  }

  /** Without a reply the connection stays open until the client ends it. */
  async #answerOver(conn: Deno.Conn): Promise<void> {
    const buffer = new Uint8Array(1024);
    let size = 0;
    while (size < 2 || size < 2 + (buffer[0]! << 8 | buffer[1]!)) {
      size += await conn.read(buffer.subarray(size)) ?? Infinity;
    }
    const replies = this.#repliesTo(buffer.slice(2, size), "tcp");
    if (replies === undefined) await conn.read(buffer);
    for (const reply of replies ?? []) {
      const message = new Uint8Array(2 + reply.length);
      new DataView(message.buffer).setUint16(0, reply.length);
      message.set(reply, 2);
      // In pieces, as TCP may deliver it.
      await conn.write(message.subarray(0, 1));
      for (let sent = 1; sent < message.length;) {
        sent += await conn.write(message.subarray(sent));
      }
    }
  }

  #repliesTo(
    query: Uint8Array,
    over: "udp" | "tcp",
  ): Uint8Array[] | undefined {
    const asked = { ...questionOf(query), over };
    this.asked.push(asked);
    const reply = this.#answer(asked);
    if (reply === undefined) return undefined;
    return [reply].flat().map((it) => encode(query, asked, it));
  }
}

function questionOf(query: Uint8Array): { name: string; type: Type } {
  const labels: string[] = [];
  let at = 12;
  while (query[at]! > 0) {
    const end = at + 1 + query[at]!;
    labels.push(String.fromCharCode(...query.slice(at + 1, end)));
    at = end;
  }
  const number = query[at + 1]! << 8 | query[at + 2]!;
  const [type] = Object.entries(TYPES).find(([_, it]) => it === number)!;
  return { name: labels.join("."), type: type as Type };
}

/** Where the name of the question begins: names that are the same point there. */
const QUESTION = 12;

function encode(query: Uint8Array, asked: Asked, reply: Reply): Uint8Array {
  const id = [...query.slice(0, 2)];
  if (reply.wrongId) id[1]! ^= 0xff;
  if (reply.raw !== undefined) return new Uint8Array([...id, ...reply.raw]);
  const truncated = reply.truncated === true && asked.over === "udp";
  const records = truncated ? [] : reply.records ?? [];
  const question = reply.wrongName === undefined
    ? query.slice(QUESTION)
    : [...nameBytes(reply.wrongName), ...uint16(TYPES[asked.type]), 0, 1];
  return new Uint8Array([
    ...id,
    0x81 | (truncated ? 0x02 : 0),
    0x80 | (reply.code ?? 0),
    ...uint16(1),
    ...uint16(records.length),
    ...[0, 0, 0, 0],
    ...question,
    ...records.flatMap(({ name, type, value }) => {
      const data = dataOf(type, value);
      const owner = name === undefined ? [0xc0, QUESTION] : nameBytes(name);
      return [
        ...owner,
        ...uint16(TYPES[type]),
        ...uint16(1),
        ...[0, 0, 0, 60],
        ...uint16(data.length),
        ...data,
      ];
    }),
  ]);
}

function dataOf(type: Type, value: string): number[] {
  if (type === "A") return value.split(".").map(Number);
  if (type !== "AAAA") return nameBytes(value);
  const [head, tail] = value.split("::");
  const groups = (text = "") => text === "" ? [] : text.split(":");
  const before = groups(head), after = groups(tail);
  const zeros = Array(8 - before.length - after.length).fill("0");
  return [...before, ...zeros, ...after]
    .flatMap((it) => uint16(parseInt(it, 16)));
}

function nameBytes(name: string): number[] {
  const labels = name.split(".").flatMap((
    it,
  ) => [it.length, ...[...it].map((letter) => letter.charCodeAt(0))]);
  return [...labels, 0];
}

function uint16(value: number): number[] {
  return [value >> 8, value & 0xff];
}
