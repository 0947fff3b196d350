import { assert, assertEquals } from "@std/assert";
import { Example } from "./_example.ts";

/** The server, as a program. */
async function start(): Promise<{ server: Example; port: number }> {
  const server = new Example("chat_server.ts", ["0"]);
  const [, port] = await server.line(/^listening on (\d+)$/);
  return { server, port: Number(port) };
}

/** A client, on a plain socket. */
class Client implements Disposable {
  readonly #conn: Deno.TcpConn;
  readonly #decoder = new TextDecoder();
  #text = "";

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async connect(port: number): Promise<Client> {
    return new Client(await Deno.connect({ port }));
  }

  /** Connects, and is let in under that name. */
  static async join(port: number, name: string): Promise<Client> {
    const client = await Client.connect(port);
    await client.say(name);
    assertEquals(await client.hear(), "* your name?");
    assertEquals(await client.hear(), `* ${name} is here`);
    return client;
  }

  async say(line: string): Promise<void> {
    let bytes = new TextEncoder().encode(`${line}\n`);
    while (bytes.length > 0) {
      bytes = bytes.subarray(await this.#conn.write(bytes));
    }
  }

  /** The next line; undefined at the end. */
  async hear(): Promise<string | undefined> {
    const buffer = new Uint8Array(65_536);
    while (!this.#text.includes("\n")) {
      const count = await this.#conn.read(buffer);
      if (count === null) return undefined;
      this.#text += this.#decoder.decode(buffer.subarray(0, count), {
        stream: true,
      });
    }
    const end = this.#text.indexOf("\n");
    const line = this.#text.slice(0, end);
    this.#text = this.#text.slice(end + 1);
    return line;
  }

  async hangUp(): Promise<void> {
    await this.#conn.closeWrite();
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

Deno.test("what one says in the chat, all hear, in the same order", async () => {
  const { server, port } = await start();
  await using _ = server;
  using alice = await Client.join(port, "alice");
  using bob = await Client.join(port, "bob");
  assertEquals(await alice.hear(), "* bob is here");
  await alice.say("hello");
  assertEquals(await bob.hear(), "alice: hello");
  assertEquals(await alice.hear(), "alice: hello");
  await bob.say("hällo");
  assertEquals(await bob.hear(), "bob: hällo");
  assertEquals(await alice.hear(), "bob: hällo");
});

Deno.test("a name in the chat is a word, and is not taken twice", async () => {
  const { server, port } = await start();
  await using _ = server;
  using alice = await Client.join(port, "alice");
  using other = await Client.connect(port);
  assertEquals(await other.hear(), "* your name?");
  for (const name of ["", "two words", "alice"]) {
    await other.say(name);
    assertEquals(await other.hear(), "* that is no name, or taken: another?");
  }
  await other.say("alice2");
  assertEquals(await other.hear(), "* alice2 is here");
  assertEquals(await alice.hear(), "* alice2 is here");
});

for (const way of ["/quit", "the end of the input", "a lost connection"]) {
  Deno.test(`who leaves the chat by ${way} is gone for all, and the name is free`, async () => {
    const { server, port } = await start();
    await using _ = server;
    using alice = await Client.join(port, "alice");
    const bob = await Client.join(port, "bob");
    assertEquals(await alice.hear(), "* bob is here");
    if (way === "a lost connection") bob[Symbol.dispose]();
    else {
      if (way === "/quit") await bob.say("/quit");
      else await bob.hangUp();
      assertEquals(await bob.hear(), undefined);
      bob[Symbol.dispose]();
    }
    assertEquals(await alice.hear(), "* bob has left");
    using _again = await Client.join(port, "bob");
    assertEquals(await alice.hear(), "* bob is here");
  });
}

Deno.test("a line that is too long costs only its speaker the connection", async () => {
  const { server, port } = await start();
  await using _ = server;
  using alice = await Client.join(port, "alice");
  using bob = await Client.join(port, "bob");
  assertEquals(await alice.hear(), "* bob is here");
  await bob.say("x".repeat(100_000)).catch(() => {});
  assertEquals(await alice.hear(), "* bob has left");
  await server.line(/^bob was lost: .*limit/);
  await alice.say("who was that?");
  assertEquals(await alice.hear(), "alice: who was that?");
});

Deno.test("a client that does not read misses lines of the chat, is told so, and holds up no other", async () => {
  const { server, port } = await start();
  await using _ = server;
  using alice = await Client.join(port, "alice");
  using deaf = await Client.join(port, "deaf");
  assertEquals(await alice.hear(), "* deaf is here");
  // More than the system's buffers and the queue can take; alice hears all of it.
  const lines = 16_000;
  const text = "x".repeat(1_000);
  for (let i = 0; i < lines; i += 50) {
    for (let j = 0; j < 50; j++) await alice.say(`${i + j} ${text}`);
    for (let j = 0; j < 50; j++) {
      assertEquals(await alice.hear(), `alice: ${i + j} ${text}`);
    }
  }
  // Now that one listens, to what was kept, and how much was not.
  let kept = 0;
  let missed = 0;
  while (kept + missed < lines) {
    const line = await deaf.hear();
    const notice = /lines missed: (\d+)$/.exec(line!);
    if (notice !== null) missed += Number(notice[1]);
    else assertEquals(line, `alice: ${missed + kept++} ${text}`);
  }
  assert(missed > 0);
  await alice.say("do you hear me?");
  assertEquals(await deaf.hear(), "alice: do you hear me?");
});

Deno.test("on Ctrl-C the chat says good-bye and ends with 130", async () => {
  const { server, port } = await start();
  await using _ = server;
  using alice = await Client.join(port, "alice");
  using bob = await Client.join(port, "bob");
  assertEquals(await alice.hear(), "* bob is here");
  server.kill("SIGINT");
  for (const client of [alice, bob]) {
    assertEquals(await client.hear(), "* the server stops");
    assertEquals((await client.hear())?.includes("has left") ?? true, true);
  }
  const { code, stderr, orphans } = await server.ended();
  assertEquals(stderr, "");
  assertEquals(code, 130);
  assertEquals(orphans, []);
});
