import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import {
  type HttpHandler,
  HttpServer,
  type HttpServerOptions,
} from "../../examples/http_server.ts";
import { Event } from "@asyncio/asyncio/sync";
import { createTask, run, sleep } from "@asyncio/asyncio/tasks";
import { outputOf, testWith } from "../streams/_programs.ts";
import { Example } from "./_example.ts";
import { Folder } from "../_helpers/folder.ts";

/** Runs a server for `body`. */
function serving(
  handler: HttpHandler,
  body: (port: number, server: HttpServer) => Promise<void>,
  options?: Partial<HttpServerOptions>,
): Promise<void> {
  return run(async () => {
    await using server = await HttpServer.start(handler, options);
    await body(server.port, server);
  });
}

const hello: HttpHandler = () => ({ body: "hello" });
const echo: HttpHandler = async ({ body }) => ({ body: await body.bytes() });

/** A client that writes and reads what it likes. */
class RawClient implements Disposable {
  readonly #conn: Deno.TcpConn;
  #text = "";

  private constructor(conn: Deno.TcpConn) {
    this.#conn = conn;
  }

  static async to(port: number): Promise<RawClient> {
    return new RawClient(await Deno.connect({ port, hostname: "127.0.0.1" }));
  }

  async send(text: string): Promise<void> {
    await this.#conn.write(new TextEncoder().encode(text));
  }

  /** Sends the end, and goes on reading. */
  end(): Promise<void> {
    return this.#conn.closeWrite();
  }

  async #more(): Promise<boolean> {
    const buffer = new Uint8Array(65_536);
    const count = await this.#conn.read(buffer);
    if (count !== null) {
      this.#text += new TextDecoder().decode(buffer.subarray(0, count));
    }
    return count !== null;
  }

  /** What has come, once the pattern is in it. */
  async until(pattern: RegExp): Promise<string> {
    while (!pattern.test(this.#text)) assert(await this.#more(), this.#text);
    const text = this.#text;
    this.#text = "";
    return text;
  }

  /** What comes until the server ends the connection. */
  async rest(): Promise<string> {
    while (await this.#more());
    return this.#text;
  }

  [Symbol.dispose](): void {
    this.#conn.close();
  }
}

/** All that a server says to `text`. */
async function answerTo(port: number, text: string): Promise<string> {
  using client = await RawClient.to(port);
  await client.send(text);
  return await client.rest();
}

const GET = "GET / HTTP/1.1\r\nHost: x\r\n";
const POST = "POST / HTTP/1.1\r\nHost: x\r\n";
const CLOSE = "Connection: close\r\n\r\n";

/** A pattern for a status line. */
const status = (code: number) => new RegExp(`^HTTP/1.1 ${code} `);

testWith(
  ["curl"],
  "curl gets, posts, and asks for the head",
  () =>
    serving(echo, async (port) => {
      const url = `http://127.0.0.1:${port}/`;
      const curl = (...args: string[]) =>
        outputOf("curl", ["-sS", ...args, url]);
      assertEquals(await curl(), "");
      assertEquals(await curl("-d", "Łódź"), "Łódź");
      assertEquals(await curl("-0", "-d", "old"), "old");
      const chunked = ["-H", "Transfer-Encoding: chunked", "-d", "in chunks"];
      assertEquals(await curl(...chunked), "in chunks");
      const head = await curl("-I");
      assertMatch(head, status(200));
      assertMatch(head, /^content-length: 0\r$/m);
      assertMatch(
        head,
        /^date: \w{3}, \d\d \w{3} \d{4} \d\d:\d\d:\d\d GMT\r$/m,
      );
    }),
);

testWith(
  ["curl"],
  "curl sends a large body when it is told to",
  () =>
    serving(echo, async (port) => {
      await using folder = new Folder();
      const bytes = crypto.getRandomValues(new Uint8Array(60_000));
      for (let i = 0; i < 50; i++) {
        await Deno.writeFile(folder.file("big"), bytes, { append: true });
      }
      const args = ["-H", "Expect: 100-continue", "--data-binary"];
      const file = `@${folder.file("big")}`;
      const url = `http://127.0.0.1:${port}/`;
      const out = ["-sS", "-o", folder.file("back"), ...args, file, url];
      await outputOf("curl", out);
      const chunked = ["-sSv", "-o", folder.file("chunked"), ...args, file];
      await outputOf("curl", [
        ...chunked,
        "-H",
        "Transfer-Encoding: chunked",
        url,
      ]);
      await outputOf("cmp", [folder.file("big"), folder.file("back")]);
      await outputOf("cmp", [folder.file("big"), folder.file("chunked")]);
    }, { maxBody: 4_000_000 }),
);

testWith(
  ["curl"],
  "curl uses one connection for many requests",
  () =>
    serving(hello, async (port) => {
      const url = `http://127.0.0.1:${port}/`;
      const format = ["-sS", "-w", "%{num_connects} "];
      const text = await outputOf("curl", [...format, url, url, url]);
      assertEquals(text, "hello1 hello0 hello0 ");
    }),
);

testWith(
  ["curl"],
  "curl sees a refused upload's answer while it still sends",
  () =>
    serving(echo, async (port) => {
      await using folder = new Folder();
      await folder.write("big", "x".repeat(5_000_000));
      const args = ["-sS", "-w", "%{http_code}", "-o", "/dev/null"];
      const headers = ["-H", "Expect:", "-H", "Transfer-Encoding: chunked"];
      const upload = ["-T", folder.file("big"), `http://127.0.0.1:${port}/`];
      const text = await outputOf("curl", [...args, ...headers, ...upload]);
      assertEquals(text, "413");
    }),
);

testWith(
  ["wrk"],
  "wrk finds no fault under load",
  () =>
    serving(hello, async (port) => {
      const args = ["-t1", "-c64", "-d1", `http://127.0.0.1:${port}/`];
      const text = await outputOf("wrk", args);
      assertMatch(text, /[1-9]\d* requests in /);
      assert(!/Socket errors|Non-2xx/.test(text), text);
    }),
);

Deno.test("requests that come together are answered in order", () =>
  serving(async ({ target, body }) => {
    if (target === "/slow") await sleep(10);
    return { body: `[${target} ${await body.text()}]` };
  }, async (port) => {
    const text = await answerTo(
      port,
      "POST /slow HTTP/1.1\r\nHost: x\r\nContent-Length: 3\r\n\r\none" +
        "POST /a HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n" +
        "2;x=y\r\ntw\r\n1\r\no\r\n0\r\nTrailer: x\r\n\r\n" +
        `GET /b HTTP/1.1\r\nHost: x\r\n${CLOSE}`,
    );
    assertEquals(text.match(/\[.*?\]/g), ["[/slow one]", "[/a two]", "[/b ]"]);
  }));

Deno.test("a request may come byte by byte", () =>
  serving(echo, async (port) => {
    using client = await RawClient.to(port);
    const text =
      `${POST}Transfer-Encoding: chunked\r\n${CLOSE}2\r\nhi\r\n0\r\n\r\n`;
    for (const letter of text) await client.send(letter);
    assertMatch(await client.rest(), /\r\n\r\nhi$/);
  }));

Deno.test("a body that the handler leaves unread is not the next request", () =>
  serving(hello, async (port) => {
    const text = await answerTo(
      port,
      `${POST}Content-Length: 18\r\n\r\nGET / HTTP/1.1\r\n\r\n${GET}${CLOSE}`,
    );
    assertEquals(text.match(/hello/g)?.length, 2);
  }));

Deno.test("HTTP/1.0 is kept alive only if it is asked", () =>
  serving(hello, async (port) => {
    const old = "GET / HTTP/1.0\r\n";
    assertMatch(await answerTo(port, `${old}\r\n`), /^connection: close\r$/m);
    const kept = await answerTo(
      port,
      `${old}Connection: keep-alive\r\n\r\n${old}\r\n`,
    );
    assertMatch(kept, /^connection: keep-alive\r$/m);
    assertEquals(kept.match(/hello/g)?.length, 2);
  }));

Deno.test("a body of no known length goes in chunks, or to HTTP/1.0 to the end", () => {
  async function* body() {
    yield "one ";
    yield "";
    await sleep(1);
    yield new TextEncoder().encode("two");
  }
  return serving(() => ({ body: body() }), async (port) => {
    assertStringIncludes(
      await answerTo(port, `${GET}${CLOSE}`),
      "\r\n\r\n4\r\none \r\n3\r\ntwo\r\n0\r\n\r\n",
    );
    const old = await answerTo(port, "GET / HTTP/1.0\r\n\r\n");
    assertMatch(old, /^connection: close\r$[^]*\r\n\r\none two$/m);
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assertEquals(await response.text(), "one two");
  });
});

Deno.test("a response that has no body is sent without", () => {
  let returned = 0;
  const body = {
    [Symbol.asyncIterator]: () => ({
      next: () => Promise.resolve({ done: false as const, value: "x" }),
      return: () => Promise.resolve({ done: true as const, value: ++returned }),
    }),
  };
  const handler: HttpHandler = ({ target }) => ({
    status: Number(target.slice(1)),
    body: target === "/204" ? body : "not sent",
  });
  return serving(handler, async (port) => {
    for (const code of [204, 304]) {
      const request = `GET /${code} HTTP/1.1\r\nHost: x\r\n${CLOSE}`;
      const text = await answerTo(port, request);
      assertMatch(text, /^[^]*GMT\r\n\r\n$/);
      assert(!/content-length|transfer-encoding/.test(text));
    }
    const head = await answerTo(
      port,
      `HEAD /200 HTTP/1.1\r\nHost: x\r\n${CLOSE}`,
    );
    assertMatch(head, /^content-length: 8\r$[^]*\r\n\r\n$/m);
    assertEquals(returned, 1);
  });
});

const CHUNKED = "Transfer-Encoding: chunked\r\n\r\n";
const WRONG: [code: number, what: string, request: string][] = [
  [400, "no request line", "hello\r\n\r\n"],
  [400, "a space too many", "GET  / HTTP/1.1\r\nHost: x\r\n\r\n"],
  [400, "no Host", "GET / HTTP/1.1\r\n\r\n"],
  [400, "two Hosts", `${GET}Host: y\r\n\r\n`],
  [400, "a folded header", `${GET}A: b\r\n c\r\n\r\n`],
  [400, "a space before the colon", `${GET}A : b\r\n\r\n`],
  [400, "a lone CR", `${GET}A: b\rc\r\n\r\n`],
  [400, "a lone LF", `${GET}A: b\nB: c\r\n\r\n`],
  [400, "a zero", `${GET}A: b\0\r\n\r\n`],
  [400, "two lengths", `${POST}Content-Length: 1\r\nContent-Length: 2\r\n\r\n`],
  [400, "a negative length", `${POST}Content-Length: -1\r\n\r\n`],
  [400, "a length with a sign", `${POST}Content-Length: +1\r\n\r\n`],
  [400, "a length and chunks", `${POST}Content-Length: 1\r\n${CHUNKED}`],
  [400, "chunks in HTTP/1.0", `POST / HTTP/1.0\r\n${CHUNKED}`],
  [400, "a chunk without size", `${POST}${CHUNKED}\r\n`],
  [400, "a chunk with a wrong size", `${POST}${CHUNKED}0x2\r\nhi\r\n`],
  [400, "a chunk that is longer", `${POST}${CHUNKED}2\r\nhello\r\n`],
  [413, "a long body", `${POST}Content-Length: 101\r\n\r\n`],
  [413, "a long body in chunks", `${POST}${CHUNKED}65\r\n`],
  [413, "long trailers", `${POST}${CHUNKED}0\r\n${"A: b\r\n".repeat(30)}`],
  [431, "a long head", `${GET}A: ${"b".repeat(20_000)}\r\n\r\n`],
  [431, "a head without end", `${GET}A: ${"b".repeat(20_000)}`],
  [501, "an unknown coding", `${POST}Transfer-Encoding: gzip\r\n\r\n`],
  [505, "another version", "GET / HTTP/2.0\r\n\r\n"],
];

for (const [code, what, request] of WRONG) {
  Deno.test(`${what} is answered by ${code}, and the connection ends`, () =>
    serving(echo, async (port) => {
      const text = await answerTo(port, `${request}${GET}\r\n`);
      assertMatch(text, status(code));
      assertMatch(text, /^connection: close\r$/m);
      assertEquals(text.match(/HTTP\/1.1/g)?.length, 1);
    }, { maxBody: 100 }));
}

Deno.test("a request that is cut is answered by 400", () =>
  serving(echo, async (port) => {
    for (const part of ["GET / HT", `${POST}Content-Length: 5\r\n\r\nhel`]) {
      using client = await RawClient.to(port);
      await client.send(part);
      await client.end();
      assertMatch(await client.rest(), status(400));
    }
  }));

/** The times of an impatient server. */
const SHORT = {
  times: { idle: 20, head: 20, body: 20, answer: 20, stream: 20, write: 20 },
  checkEvery: 5,
};

Deno.test("a client that is slow with its head or body is answered by 408", () =>
  serving(echo, async (port) => {
    assertMatch(await answerTo(port, "GET"), status(408));
    const part = `${POST}Content-Length: 5\r\n\r\nhel`;
    assertMatch(await answerTo(port, part), status(408));
    assertMatch(await answerTo(port, `${POST}${CHUNKED}`), status(408));
  }, SHORT));

Deno.test("a connection that is idle for long is closed", () =>
  serving(hello, async (port) => {
    assertEquals(await answerTo(port, ""), "");
    const text = await answerTo(port, `${GET}\r\n`);
    assertEquals(text.match(/HTTP/g)?.length, 1);
  }, SHORT));

Deno.test("a handler that takes too long is cancelled, and answered by 503", () => {
  const cancelled = new Event();
  return serving(async () => {
    try {
      await sleep(Infinity);
    } finally {
      cancelled.set();
    }
    return {};
  }, async (port) => {
    assertMatch(await answerTo(port, `${GET}\r\n`), status(503));
    await cancelled.wait();
  }, SHORT);
});

Deno.test("a client that does not read is given up", () => {
  const ended = new Event();
  async function* body() {
    try {
      while (true) yield new Uint8Array(65_536);
    } finally {
      ended.set();
    }
  }
  return serving(() => ({ body: body() }), async (port) => {
    using client = await RawClient.to(port);
    await client.send(`${GET}\r\n`);
    await ended.wait();
  }, SHORT);
});

Deno.test("many slow clients hold up no other", () =>
  serving(hello, async (port) => {
    const clients = await Promise.all(
      Array.from({ length: 200 }, () => RawClient.to(port)),
    );
    await Promise.all(clients.map((it) => it.send("GET / HT")));
    const response = await fetch(`http://127.0.0.1:${port}/`);
    assertEquals(await response.text(), "hello");
    for (const client of clients) {
      using _ = client;
      await client.rest();
    }
  }, { ...SHORT, times: { ...SHORT.times, head: 50 } }));

for (const how of ["while it works", "while it sends"]) {
  Deno.test(`a handler whose client goes ${how} is cancelled`, () => {
    const begun = new Event();
    const ended = new Event();
    async function* wait() {
      begun.set();
      try {
        yield "some";
        await sleep(Infinity);
      } finally {
        ended.set();
      }
    }
    return serving(async () => {
      if (how === "while it sends") return { body: wait() };
      for await (const _ of wait());
      return {};
    }, async (port) => {
      using client = await RawClient.to(port);
      await client.send(`${GET}\r\n`);
      await begun.wait();
      await client.end();
      await ended.wait();
    }, { checkEvery: 5 });
  });
}

testWith(["curl"], "a handler whose curl is killed is cancelled", () => {
  const begun = new Event();
  const ended = new Event();
  return serving(async () => {
    begun.set();
    try {
      await sleep(Infinity);
    } finally {
      ended.set();
    }
    return {};
  }, async (port) => {
    const args = ["-s", `http://127.0.0.1:${port}/`];
    const curl = new Deno.Command("curl", { args }).spawn();
    await begun.wait();
    curl.kill("SIGKILL");
    await ended.wait();
    await curl.status;
  }, { checkEvery: 5 });
});

Deno.test("a handler that fails is answered by 500, and told of", async () => {
  const told: unknown[] = [];
  const { error } = console;
  console.error = (reason: unknown) => told.push(reason);
  try {
    const reason = new Error("no luck");
    const fail = () => {
      throw reason;
    };
    await serving(
      ({ target }) => target === "/" ? fail() : {},
      async (port) => {
        const last = `GET /x HTTP/1.1\r\nHost: x\r\n${CLOSE}`;
        const text = await answerTo(port, `${GET}\r\n${last}`);
        assertEquals(text.match(/HTTP\/1.1 \d+/g), [
          "HTTP/1.1 500",
          "HTTP/1.1 200",
        ]);
        assert(!text.includes("no luck"));
        assertEquals(told, [reason]);
      },
    );
  } finally {
    console.error = error;
  }
});

Deno.test("a server that ends lets requests finish, and closes idle connections", () => {
  const begun = new Event();
  const go = new Event();
  return serving(async () => {
    begun.set();
    await go.wait();
    return { body: "finished" };
  }, async (port, server) => {
    using idle = await RawClient.to(port);
    using busy = await RawClient.to(port);
    await busy.send(`${GET}\r\n`);
    await begun.wait();
    const end = createTask(() => server.shutdown({ timeout: 60_000 }));
    assertEquals(await idle.rest(), "");
    go.set();
    assertMatch(await busy.rest(), /^connection: close\r$[^]*finished$/m);
    await end;
  });
});

Deno.test("the program finishes what it serves on SIGTERM", async () => {
  await using program = new Example("http_server.ts", ["0"]);
  const [, port] = await program.line(/^listening on (\d+)$/);
  const response = await fetch(`http://127.0.0.1:${port}/count?to=20`);
  program.kill("SIGTERM");
  assertMatch(await response.text(), /\n20\n$/);
  const { stderr, orphans } = await program.ended();
  assertEquals([stderr, orphans], ["", []]);
});
