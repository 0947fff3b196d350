/**
 * What the streams cost, beside the least that the runtime takes for the same,
 * and beside other peers.
 *
 * The echo servers are programs of their own, in `bench/echo`: this package's,
 * by read and write, by peek, by pipeTo, by Web Streams, and as a protocol; a plain
 * loop of `Conn.read` and `Conn.write`; `own`, the same loop with memory of its own
 * for each read and a copy for each write, which is what reader and writer promise;
 * `node:net` in Deno, CPython's asyncio, and uvloop where it is installed. The load
 * is a C program where there is a compiler, so that it is not what is measured;
 * without one nothing is echoed. Compare what stands in one group, and only on a
 * quiet machine: on two cores the load and the server share them with everybody
 * else.
 *
 * ```sh
 * deno bench -A $(deno run -A tests/std_source.ts) bench/streams_bench.ts
 * ```
 *
 * @module
 */
import { TextLineStream } from "@std/streams";
import {
  lengthPrefixed,
  openConnection,
  startServer,
  StreamReader,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import { benchUnderLoad, succeeds } from "./echo/under_load.ts";

const here = new URL("echo/", import.meta.url).pathname;
const LOOPBACK = { hostname: "127.0.0.1" };

// Echo: the time of one benchmark is that of MESSAGES messages.

const MESSAGES = 20_000;
const DENO = [Deno.execPath(), "run", "-A", "--no-check"];
const SERVERS: Record<string, string[]> = {
  "this package": [...DENO, `${here}asyncio_server.ts`],
  "this package, peek": [...DENO, `${here}asyncio_server.ts`, "peek"],
  "this package, pipeTo": [...DENO, `${here}asyncio_server.ts`, "pipeTo"],
  "this package, Web Streams": [...DENO, `${here}asyncio_server.ts`, "web"],
  "Conn.read/write": [...DENO, `${here}plain_server.ts`],
  "own": [...DENO, `${here}plain_server.ts`, "own"],
  "Conn, Web Streams": [...DENO, `${here}plain_server.ts`, "web"],
  "node:net in Deno": [...DENO, `${here}node_server.ts`],
};
const LINE_SERVERS: Record<string, string[]> = {
  "this package, lines": [...DENO, `${here}asyncio_server.ts`, "lines"],
  "node:readline in Deno": [...DENO, `${here}readline_server.mjs`],
};
if (succeeds("node", "--version")) {
  LINE_SERVERS["readline in Node"] = ["node", `${here}readline_server.mjs`];
}
const DATAGRAM_SERVERS: Record<string, string[]> = {
  "openDatagram": [...DENO, `${here}datagram_server.ts`],
  "node:dgram in Deno": [...DENO, `${here}node_datagram_server.ts`],
};
for (const module of ["asyncio", "uvloop"]) {
  // A distribution's own packages are there for its own interpreter alone.
  const python = ["python3", "/usr/bin/python3"]
    .find((python) => succeeds(python, "-c", `import ${module}`));
  if (python === undefined) continue;
  SERVERS[`CPython ${module}`] = [python, `${here}asyncio_server.py`, module];
  DATAGRAM_SERVERS[`CPython ${module}, datagrams`] = [
    python,
    `${here}datagram_server.py`,
    module,
  ];
}

/** A benchmark of an echo server. */
function benchEcho(
  name: string,
  group: string,
  [connections, size]: [number, number],
  kind?: "udp",
): void {
  benchUnderLoad({
    name,
    group,
    baseline: /^(this package(, lines)?|openDatagram)$/.test(name),
    command: (SERVERS[name] ?? LINE_SERVERS[name] ?? DATAGRAM_SERVERS[name])!,
    connections,
    size,
    messages: MESSAGES,
    ...(kind && { kind }),
  });
}

for (const size of [64, 16384]) {
  for (const connections of [1, 50, 500]) {
    const group =
      `${MESSAGES} echoes of ${size} bytes, ${connections} connections`;
    for (const name of Object.keys(SERVERS)) {
      benchEcho(name, group, [connections, size]);
    }
  }
}

for (const connections of [1, 10, 50]) {
  const group = `${MESSAGES} lines of 64 bytes, ${connections} connections`;
  for (const name of Object.keys(LINE_SERVERS)) {
    benchEcho(name, group, [connections, 64]);
  }
}

for (const clients of [1, 50]) {
  const group = `${MESSAGES} datagrams of 64 bytes, ${clients} clients`;
  for (const name of Object.keys(DATAGRAM_SERVERS)) {
    benchEcho(name, group, [clients, 64], "udp");
  }
}

// Lines: the time of one benchmark is that of LINES lines.

const LINES = 100_000;

/** A stream of `count` times `piece`, in chunks of about 64 KiB. */
function streamOf(
  piece: Uint8Array,
  count: number,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const { length } = piece;
  const perChunk = Math.ceil(65536 / length);
  const chunk = new Uint8Array(perChunk * length);
  for (let i = 0; i < perChunk; i++) chunk.set(piece, i * length);
  let left = count;
  return new ReadableStream({
    pull(controller) {
      const n = Math.min(left, perChunk);
      if (n === 0) return controller.close();
      left -= n;
      controller.enqueue(chunk.slice(0, n * length));
    },
  });
}

function linesOf(length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const line = new TextEncoder().encode(`${"x".repeat(length - 1)}\n`);
  return streamOf(line, LINES);
}

for (const length of [20, 80, 1000]) {
  const group = `${LINES} lines of ${length} bytes`;

  Deno.bench({ name: "readLine", group, baseline: true }, async () => {
    const reader = StreamReader.from(linesOf(length));
    while ((await reader.readLine()).length > 0);
  });

  Deno.bench({ name: "lines", group }, async () => {
    for await (const _ of StreamReader.from(linesOf(length)).lines());
  });

  Deno.bench({ name: "readTextLine", group }, async () => {
    const reader = StreamReader.from(linesOf(length));
    while (await reader.readTextLine() !== undefined);
  });

  Deno.bench({ name: "TextDecoderStream, TextLineStream", group }, async () => {
    const lines = linesOf(length).pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const _ of lines);
  });
}

// Frames: the time of one benchmark is that of FRAMES frames.

const FRAMES = 100_000;

function framesOf(length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  return streamOf(lengthPrefixed().encode(new Uint8Array(length)), FRAMES);
}

/**
 * The least that finds frames and awaits once for each. They are views of the
 * stream's own chunks, or copies, as they have to be if they are the caller's own.
 */
async function parseFrames(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  give: (bytes: Uint8Array, start: number, end: number) => Uint8Array,
): Promise<void> {
  const reader = stream.getReader();
  let bytes = new Uint8Array(0);
  let start = 0;
  const next = async () => {
    while (true) {
      const body = start + 4;
      if (body <= bytes.length) {
        let length = 0;
        for (let i = start; i < body; i++) length = length << 8 | bytes[i]!;
        const end = body + length;
        if (end <= bytes.length) {
          start = end;
          return give(bytes, body, end);
        }
      }
      const { done, value } = await reader.read();
      if (done) return undefined;
      const rest = bytes.subarray(start);
      bytes = new Uint8Array(rest.length + value.length);
      bytes.set(rest);
      bytes.set(value, rest.length);
      start = 0;
    }
  };
  while (await next() !== undefined);
}

for (const length of [16, 128, 1000]) {
  const group = `${FRAMES} frames of ${length} bytes`;

  Deno.bench({ name: "frames", group, baseline: true }, async () => {
    const reader = StreamReader.from(framesOf(length));
    for await (const _ of reader.frames(lengthPrefixed()));
  });

  Deno.bench({ name: "by hand, views", group }, async () => {
    await parseFrames(framesOf(length), (bytes, start, end) => {
      return bytes.subarray(start, end);
    });
  });

  Deno.bench({ name: "by hand, copies", group }, async () => {
    await parseFrames(framesOf(length), (bytes, start, end) => {
      return bytes.slice(start, end);
    });
  });
}

// Much data: through a connection to itself.

const MUCH = 2 ** 30;
const CHUNK = new Uint8Array(1 << 18);

Deno.bench(
  {
    name: "reader and writer",
    group: "1 GiB",
    baseline: true,
    n: 5,
    warmup: 1,
  },
  async () => {
    await using server = await startServer(async (_reader, writer) => {
      for (let sent = 0; sent < MUCH; sent += CHUNK.length) {
        writer.write(CHUNK);
        await writer.drain();
      }
      writer.close();
    }, LOOPBACK);
    const { port } = server.addresses[0] as Deno.NetAddr;
    const { reader, writer } = await openConnection({ port });
    let received = 0;
    for (let n; (n = (await reader.read(1 << 18)).length) > 0;) received += n;
    writer.close();
    if (received !== MUCH) throw new Error(`${received} bytes`);
  },
);

/** As the servers: see `plain_server.ts`. */
const taken = new Uint8Array(CHUNK.length);

for (const same of [false, true]) {
  const name = same ? "own" : "Conn.read/write";
  Deno.bench({ name, group: "1 GiB", n: 5, warmup: 1 }, async () => {
    using listener = Deno.listen({ ...LOOPBACK, port: 0 });
    const sending = (async () => {
      using conn = await listener.accept();
      for (let sent = 0; sent < MUCH;) {
        let bytes = CHUNK.subarray(sent % CHUNK.length);
        if (same) {
          taken.set(bytes);
          bytes = taken.subarray(0, bytes.length);
        }
        sent += await conn.write(bytes);
      }
    })();
    const { port } = listener.addr as Deno.NetAddr;
    using conn = await Deno.connect({ ...LOOPBACK, port });
    let buffer = new Uint8Array(1 << 18);
    let received = 0;
    for (let n; (n = await conn.read(buffer)) !== null;) {
      received += n;
      if (same) buffer = new Uint8Array(1 << 18);
    }
    await sending;
    if (received !== MUCH) throw new Error(`${received} bytes`);
  });
}

// Much data, handed on from one connection to another.

/** Sends it to the port. */
async function send(port: number): Promise<void> {
  using conn = await Deno.connect({ ...LOOPBACK, port });
  for (let sent = 0; sent < MUCH;) {
    sent += await conn.write(CHUNK.subarray(sent % CHUNK.length));
  }
  await conn.closeWrite();
}

/** Takes it from the next client. */
async function receive(listener: Deno.Listener): Promise<void> {
  using conn = await listener.accept();
  const buffer = new Uint8Array(CHUNK.length);
  let received = 0;
  for (let n; (n = await conn.read(buffer)) !== null;) received += n;
  if (received !== MUCH) throw new Error(`${received} bytes`);
}

const relays: Record<
  string,
  (from: Deno.TcpConn, to: Deno.TcpConn) => Promise<void>
> = {
  async "Conn.read/write"(from, to) {
    const buffer = new Uint8Array(CHUNK.length);
    for (let n; (n = await from.read(buffer)) !== null;) {
      for (let sent = 0; sent < n;) {
        sent += await to.write(buffer.subarray(sent, n));
      }
    }
    from.close();
    to.close();
  },

  "Conn, Web Streams": (from, to) => from.readable.pipeTo(to.writable),
};

for (const [name, relay] of Object.entries(relays)) {
  Deno.bench({ name, group: "1 GiB on", n: 5, warmup: 1 }, async () => {
    using target = Deno.listen({ ...LOOPBACK, port: 0 });
    using listener = Deno.listen({ ...LOOPBACK, port: 0 });
    const relaying = (async () => {
      const from = await listener.accept();
      const { port } = target.addr as Deno.NetAddr;
      await relay(from, await Deno.connect({ ...LOOPBACK, port }));
    })();
    const { port } = listener.addr as Deno.NetAddr;
    await Promise.all([send(port), relaying, receive(target)]);
  });
}

const pipes: Record<
  string,
  (reader: StreamReader, writer: StreamWriter) => Promise<unknown>
> = {
  "pipeTo": (reader, writer) => reader.pipeTo(writer),
  "Web Streams": (reader, writer) => reader.readable.pipeTo(writer.writable),
};

for (const [name, pipe] of Object.entries(pipes)) {
  const baseline = name === "pipeTo";
  const options = { name, group: "1 GiB on", baseline, n: 5, warmup: 1 };
  Deno.bench(options, async () => {
    using target = Deno.listen({ ...LOOPBACK, port: 0 });
    const to = (target.addr as Deno.NetAddr).port;
    await using server = await startServer(async (reader) => {
      const { writer } = await openConnection({ ...LOOPBACK, port: to });
      await pipe(reader, writer);
    }, LOOPBACK);
    const { port } = server.addresses[0] as Deno.NetAddr;
    await Promise.all([send(port), receive(target)]);
  });
}
