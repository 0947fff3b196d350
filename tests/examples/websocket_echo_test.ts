import { assert, assertEquals, assertMatch } from "@std/assert";
import {
  type ServerSocket,
  startWebSocketServer,
  type WebSocketOptions,
} from "../../examples/websocket_echo.ts";
import { Queue } from "@asyncio/asyncio/queue";
import { Event as Flag } from "@asyncio/asyncio/sync";
import { run, sleep } from "@asyncio/asyncio/tasks";
import {
  openConnection,
  type Server,
  type Streams,
} from "@asyncio/asyncio/streams";
import { outputOf } from "../streams/_programs.ts";
import { Example } from "./_example.ts";

async function echo(socket: ServerSocket): Promise<void> {
  for await (const message of socket) await socket.send(message);
}

/** Runs a server for `body`. */
function serving(
  handler: (socket: ServerSocket) => Promise<void>,
  body: (port: number, server: Server) => Promise<void>,
  options?: Partial<WebSocketOptions>,
): Promise<void> {
  return run(async () => {
    await using server = await startWebSocketServer(handler, options);
    await body((server.addresses[0] as Deno.NetAddr).port, server);
  });
}

// Python's websockets

/** Debian's Python, which has Debian's packages. */
const PYTHON = "/usr/bin/python3";

function hasWebsockets(): boolean {
  try {
    const args = ["-c", "import websockets"];
    return new Deno.Command(PYTHON, { args }).outputSync().success;
  } catch {
    return false;
  }
}

function testPython(
  name: string,
  script: string,
  expected: string,
  options?: Partial<WebSocketOptions>,
): void {
  const fn = () =>
    serving(echo, async (port) => {
      const program = `import asyncio, websockets
from websockets.exceptions import ConnectionClosed
url = "ws://127.0.0.1:${port}"
async def main():
${script.replaceAll(/^/gm, "  ")}
asyncio.run(main())`;
      assertEquals(await outputOf(PYTHON, ["-c", program]), expected);
    }, options);
  Deno.test({ name, fn, ignore: !hasWebsockets() });
}

testPython(
  "Python gets back what it sends, in one piece or in fragments",
  `async with websockets.connect(url, max_size=None) as ws:
  for data in ["", "hello", "Łódź 😀" * 20, b"", b"\\0\\xff", "x" * 125,
               "x" * 126, b"y" * 65535, b"y" * 65536, b"z" * 1000003]:
    await ws.send(data)
    assert await ws.recv() == data, len(data)
  await ws.send(["some ", "Łó", "dź"])
  assert await ws.recv() == "some Łódź"
  await ws.send([b"1", b"", b"2"])
  assert await ws.recv() == b"12"
print("same")`,
  "same\n",
);

testPython(
  "Python's pings are answered, and its close",
  `async with websockets.connect(url) as ws:
  await asyncio.wait_for(await ws.ping(b"are you there"), 10)
  await ws.close(4321, "enough")
print(ws.close_code, ws.close_reason)`,
  "4321 \n",
);

testPython(
  "Python is told that its message is too long, also in fragments",
  `for data in ["x" * 1001, ["x" * 600, "x" * 600]]:
  ws = await websockets.connect(url)
  await ws.send("x" * 1000)
  assert len(await ws.recv()) == 1000
  await ws.send(data)
  try:
    await ws.recv()
  except ConnectionClosed as error:
    print(error.rcvd.code, error.rcvd.reason)`,
  "1009 too long\n1009 too long\n",
  { maxMessage: 1000 },
);

testPython(
  "many clients of Python at once",
  `async def client(i):
  async with websockets.connect(url) as ws:
    for n in range(20):
      await ws.send(f"{i} {n}")
      assert await ws.recv() == f"{i} {n}"
await asyncio.gather(*map(client, range(50)))
print("done")`,
  "done\n",
);

// The runtime's WebSocket

/** A WebSocket of the runtime that is open, and its events. */
async function runtimeClient(
  port: number,
): Promise<{ client: WebSocket; events: Queue<Event> }> {
  const client = new WebSocket(`ws://127.0.0.1:${port}`);
  client.binaryType = "arraybuffer";
  const events = new Queue<Event>();
  client.onmessage = (event) => events.putNowait(event);
  client.onclose = (event) => events.putNowait(event);
  await new Promise((resolve) => client.onopen = resolve);
  return { client, events };
}

Deno.test("the runtime's WebSocket gets back what it sends", () =>
  serving(echo, async (port) => {
    const { client, events } = await runtimeClient(port);
    for (
      const data of ["Łódź", "", "x".repeat(100_000), new ArrayBuffer(70_000)]
    ) {
      client.send(data);
      assertEquals((await events.get() as MessageEvent).data, data);
    }
    client.close(4000, "enough");
    const { wasClean, code } = await events.get() as CloseEvent;
    assertEquals([wasClean, code], [true, 4000]);
  }));

// By hand

const KEY = "dGhlIHNhbXBsZSBub25jZQ==";
const HEADERS = {
  Host: "x",
  Upgrade: "websocket",
  Connection: "keep-alive, Upgrade",
  "Sec-WebSocket-Version": "13",
  "Sec-WebSocket-Key": KEY,
};

function request(headers: Record<string, string>, method = "GET"): string {
  const lines = Object.entries(headers).map((it) => `${it.join(": ")}\r\n`);
  return `${method} / HTTP/1.1\r\n${lines.join("")}\r\n`;
}

const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);

/** A connection after the opening handshake. */
async function open(port: number): Promise<Streams & AsyncDisposable> {
  const streams = await openConnection({ hostname: "127.0.0.1", port });
  streams.writer.write(request(HEADERS));
  await streams.reader.readUntil("\r\n\r\n");
  return streams;
}

/** A frame of a client: its first byte, and what is in it. */
function frame(first: number, payload: string | Uint8Array = ""): Uint8Array {
  const bytes = typeof payload === "string"
    ? new TextEncoder().encode(payload)
    : payload;
  const mask = [1, 2, 3, 4];
  const size = bytes.length < 126
    ? [128 | bytes.length]
    : [128 | 126, bytes.length >> 8, bytes.length & 255];
  const masked = bytes.map((byte, i) => byte ^ mask[i % 4]!);
  return new Uint8Array([first, ...size, ...mask, ...masked]);
}

/** A close frame as the server sends it: its code. */
function closeCode(bytes: Uint8Array): number {
  assertEquals(bytes[0], 0x88);
  return bytes[2]! << 8 | bytes[3]!;
}

Deno.test("the opening handshake is answered as the RFC's example", () =>
  serving(echo, async (port) => {
    await using client = await openConnection({ hostname: "127.0.0.1", port });
    client.writer.write(request(HEADERS));
    const head = text(await client.reader.readUntil("\r\n\r\n"));
    assertMatch(head, /^HTTP\/1.1 101 /);
    assertMatch(
      head,
      /^sec-websocket-accept: s3pPLMBiTxaQ9kYGzzhZRbK\+xOo=\r$/m,
    );
  }));

const REFUSED: [status: number, what: string, request: string][] = [
  [400, "no HTTP", "hello\r\n\r\n"],
  [400, "a short key", request({ ...HEADERS, "Sec-WebSocket-Key": "eA==" })],
  [405, "another method", request(HEADERS, "POST")],
  [
    426,
    "another version",
    request({ ...HEADERS, "Sec-WebSocket-Version": "8" }),
  ],
  [426, "no upgrade", request({ Host: "x" })],
];

for (const [status, what, bytes] of REFUSED) {
  Deno.test(`an opening handshake with ${what} is refused by ${status}`, () =>
    serving(echo, async (port) => {
      await using client = await openConnection({
        hostname: "127.0.0.1",
        port,
      });
      client.writer.write(bytes);
      const answer = text(await client.reader.read());
      assertMatch(answer, new RegExp(`^HTTP/1.1 ${status} `));
      if (status === 426) assertMatch(answer, /^sec-websocket-version: 13\r$/m);
    }));
}

Deno.test("an opening handshake that takes too long is refused", () =>
  serving(echo, async (port) => {
    await using client = await openConnection({ hostname: "127.0.0.1", port });
    client.writer.write("GET ");
    assertMatch(text(await client.reader.read()), /^HTTP\/1.1 408 /);
  }, { openTimeout: 10 }));

Deno.test("control frames come between fragments", () =>
  serving(echo, async (port) => {
    await using client = await open(port);
    const frames = [
      frame(0x01, "one "),
      frame(0x89, "ping"),
      frame(0x8a),
      frame(0x80, "two"),
    ];
    client.writer.writeLines(frames);
    const pong = await client.reader.readExactly(6);
    assertEquals([pong[0], text(pong.subarray(2))], [0x8a, "ping"]);
    const message = await client.reader.readExactly(9);
    assertEquals([message[0], text(message.subarray(2))], [0x81, "one two"]);
  }));

Deno.test("a frame may come byte by byte, and a letter in two fragments", () =>
  serving(echo, async (port) => {
    await using client = await open(port);
    const bytes = new TextEncoder().encode("Łódź");
    for (
      const part of [
        frame(0x01, bytes.slice(0, 1)),
        frame(0x80, bytes.slice(1)),
      ]
    ) {
      for (const byte of part) {
        client.writer.write(Uint8Array.of(byte));
        await sleep(0);
      }
    }
    const message = await client.reader.readExactly(2 + bytes.length);
    assertEquals(text(message.subarray(2)), "Łódź");
  }));

const NOT_UTF8 = new Uint8Array([0xc3, 0x28]);
const WRONG: [code: number, what: string, frames: Uint8Array[]][] = [
  [1002, "reserved bits", [frame(0xc1, "x")]],
  [1002, "an unknown opcode", [frame(0x83, "x")]],
  [1002, "an unknown control frame", [frame(0x8b, "x")]],
  [1002, "no mask", [Uint8Array.of(0x81, 1, 120)]],
  [1002, "a cut ping", [frame(0x09)]],
  [1002, "a long ping", [frame(0x89, "x".repeat(126))]],
  [1002, "a fragment of nothing", [frame(0x80, "x")]],
  [1002, "a message in a message", [frame(0x01, "x"), frame(0x81, "y")]],
  [1002, "half a close code", [frame(0x88, "x")]],
  [1002, "the close code 1005", [frame(0x88, Uint8Array.of(3, 0xed))]],
  [1002, "the close code 999", [frame(0x88, Uint8Array.of(3, 0xe7))]],
  [1007, "text that is no UTF-8", [frame(0x81, NOT_UTF8)]],
  [1007, "a fragment that is no UTF-8", [frame(0x01, NOT_UTF8)]],
  [1007, "text that ends in a letter", [frame(0x81, Uint8Array.of(0xc3))]],
  [1007, "a reason that is no UTF-8", [
    frame(0x88, Uint8Array.of(3, 0xe8, 0xff)),
  ]],
  [1009, "a frame that is too long", [
    Uint8Array.of(0x82, 0xff, 0, 0, 1, 0, 0, 0, 0, 0, 1, 2, 3, 4),
  ]],
];

for (const [code, what, frames] of WRONG) {
  Deno.test(`${what} closes the connection with ${code}`, () =>
    serving(echo, async (port) => {
      await using client = await open(port);
      client.writer.writeLines([...frames, frame(0x81, "more")]);
      assertEquals(closeCode(await client.reader.read()), code);
    }));
}

Deno.test("a close without a code is answered so", () =>
  serving(echo, async (port) => {
    await using client = await open(port);
    client.writer.write(frame(0x88));
    assertEquals(await client.reader.read(), Uint8Array.of(0x88, 0));
  }));

Deno.test("a handler that returns closes with 1000", () =>
  serving(() => Promise.resolve(), async (port) => {
    await using client = await open(port);
    assertEquals(closeCode(await client.reader.read()), 1000);
  }));

Deno.test("a client that does not answer pings is dropped", async () => {
  const ended = new Flag();
  const handler = async (socket: ServerSocket) => {
    await echo(socket).finally(() => ended.set());
  };
  await serving(handler, async (port) => {
    const client = await open(port);
    const ping = await client.reader.readExactly(2);
    assertEquals(ping, Uint8Array.of(0x89, 0));
    client.writer.write(frame(0x8a));
    assertEquals(await client.reader.readExactly(2), ping);
    await ended.wait();
    client.writer.abort();
  }, { pingEvery: 20 });
});

Deno.test("a client that goes ends its handler, and nothing is reported", async () => {
  const ended = new Flag();
  const codes: number[] = [];
  const handler = async (socket: ServerSocket) => {
    try {
      await echo(socket);
    } finally {
      codes.push(socket.code);
      ended.set();
    }
  };
  for (const part of [new Uint8Array(), frame(0x81, "hello").subarray(0, 5)]) {
    ended.clear();
    await serving(handler, async (port) => {
      const client = await open(port);
      client.writer.write(part);
      client.writer.close();
      await ended.wait();
    });
  }
  assertEquals(codes, [1006, 1006]);
});

Deno.test("a server that ends says goodbye with 1001", () =>
  serving(echo, async (port, server) => {
    await using client = await open(port);
    client.writer.write(frame(0x81, "x"));
    await client.reader.readExactly(3);
    const [bytes] = await Promise.all([
      client.reader.read().then((bytes) => (client.writer.close(), bytes)),
      server.shutdown({ timeout: 0 }),
    ]);
    assertEquals(closeCode(bytes), 1001);
  }));

Deno.test("a client that does not read holds up only itself", () =>
  serving(echo, async (port) => {
    const slow = await open(port);
    const message = frame(0x82, new Uint8Array(65_000));
    for (let i = 0; i < 300; i++) slow.writer.write(message);
    await using other = await open(port);
    other.writer.write(frame(0x81, "x"));
    assertEquals(text((await other.reader.readExactly(3)).subarray(2)), "x");
    slow.writer.abort();
  }));

Deno.test("the program says goodbye on SIGTERM", async () => {
  await using program = new Example("websocket_echo.ts", ["0"]);
  const [, port] = await program.line(/^listening on (\d+)$/);
  const { events } = await runtimeClient(Number(port));
  program.kill("SIGTERM");
  assertEquals((await events.get() as CloseEvent).code, 1001);
  const { stderr, orphans } = await program.ended();
  assert(orphans.length === 0);
  assertEquals(stderr, "");
});
