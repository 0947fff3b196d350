/**
 * What the streams cost, beside the least that the runtime takes for the same,
 * and beside other peers.
 *
 * The echo servers are programs of their own, in `bench/echo`: this package's,
 * with streams and as a protocol, a plain loop of `Conn.read` and `Conn.write`, the same with memory of its own
 * for each read and a copy for each write, `node:net` in Deno, CPython's
 * asyncio, and uvloop where it is installed. The load is a C program where
 * there is a compiler, so that it is not what is measured; without one nothing
 * is echoed. Compare what stands in one group, and only on a quiet machine: on
 * two cores the load and the server share them with everybody else.
 *
 * ```sh
 * deno bench -A $(deno run -A tests/std_source.ts) bench/streams_bench.ts
 * ```
 *
 * @module
 */
import { TextLineStream } from "@std/streams";
import {
  openConnection,
  startServer,
  StreamReader,
} from "@asyncio/asyncio/streams";
import { benchUnderLoad, succeeds } from "./echo/under_load.ts";

const here = new URL("echo/", import.meta.url).pathname;
const LOOPBACK = { hostname: "127.0.0.1" };

// Echo: the time of one benchmark is that of MESSAGES messages.

const MESSAGES = 20_000;
const DENO = [Deno.execPath(), "run", "-A", "--no-check"];
const SERVERS: Record<string, string[]> = {
  "this package": [...DENO, `${here}asyncio_server.ts`],
  "Conn.read/write": [...DENO, `${here}plain_server.ts`],
  "Conn.read/write, same promises": [...DENO, `${here}plain_server.ts`, "same"],
  "node:net in Deno": [...DENO, `${here}node_server.ts`],
};
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
    baseline: name === "this package" || name === "openDatagram",
    command: (SERVERS[name] ?? DATAGRAM_SERVERS[name])!,
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

for (const clients of [1, 50]) {
  const group = `${MESSAGES} datagrams of 64 bytes, ${clients} clients`;
  for (const name of Object.keys(DATAGRAM_SERVERS)) {
    benchEcho(name, group, [clients, 64], "udp");
  }
}

// Lines: the time of one benchmark is that of LINES lines.

const LINES = 100_000;

function linesOf(length: number): ReadableStream<Uint8Array<ArrayBuffer>> {
  const line = `${"x".repeat(length - 1)}\n`;
  const perChunk = Math.ceil(65536 / length);
  const chunk = new TextEncoder().encode(line.repeat(perChunk));
  let left = LINES;
  return new ReadableStream({
    pull(controller) {
      const n = Math.min(left, perChunk);
      if ((left -= n) < 0 || n === 0) return controller.close();
      controller.enqueue(chunk.slice(0, n * length));
    },
  });
}

for (const length of [80, 1000]) {
  const group = `${LINES} lines of ${length} bytes`;

  Deno.bench({ name: "readLine", group, baseline: true }, async () => {
    const reader = StreamReader.from(linesOf(length));
    while ((await reader.readLine()).length > 0);
  });

  Deno.bench({ name: "lines", group }, async () => {
    for await (const _ of StreamReader.from(linesOf(length)).lines());
  });

  Deno.bench({ name: "TextDecoderStream, TextLineStream", group }, async () => {
    const lines = linesOf(length).pipeThrough(new TextDecoderStream())
      .pipeThrough(new TextLineStream());
    for await (const _ of lines);
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
  const name = `Conn.read/write${same ? ", same promises" : ""}`;
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
