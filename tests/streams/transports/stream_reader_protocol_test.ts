import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  connectReadPipe,
  createConnection,
  createServer,
  createUnixConnection,
  createUnixServer,
  sendfile,
  StreamReaderProtocol,
} from "@asyncio/asyncio/streams/transports";
import { StreamReader, StreamWriter } from "@asyncio/asyncio/streams";
import { createTask, run, sleep, timeout } from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { outputOf, testWith } from "../_programs.ts";
import { certificates } from "../_certificates.ts";
import { portOf, text } from "../_sockets.ts";
import { RecordedPair, Recorder } from "./_recorder.ts";
import { Folder } from "../../_helpers/folder.ts";

const LOOPBACK = { hostname: "127.0.0.1" };

/** A reader and a writer over protocols, and a recorder at the other end. */
function open() {
  return RecordedPair.open(() => new StreamReaderProtocol(new StreamReader()));
}

testWith(
  ["python3"],
  "as in CPython: lines, the end of either side, and the end of both",
  async () => {
    const theirs = await outputOf("python3", [
      "-c",
      `
import asyncio, json
events = []
async def serve(reader, writer):
    while line := await reader.readline():
        writer.write(line.upper())
    writer.write(b"bye\\n")
    writer.close()
    await writer.wait_closed()
    events.append("server closed")
async def main():
    loop = asyncio.get_running_loop()
    def factory():
        reader = asyncio.StreamReader()
        return asyncio.StreamReaderProtocol(reader, serve)
    server = await loop.create_server(factory, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    reader = asyncio.StreamReader()
    transport, protocol = await loop.create_connection(
        lambda: asyncio.StreamReaderProtocol(reader), "127.0.0.1", port)
    writer = asyncio.StreamWriter(transport, protocol, reader, loop)
    writer.write(b"one\\ntwo\\n")
    events.append((await reader.readline()).decode())
    writer.write_eof()
    events.append((await reader.read()).decode())
    events.append(reader.at_eof())
    writer.close()
    await writer.wait_closed()
    await asyncio.sleep(0.02)
    print(json.dumps(events))
asyncio.run(main())
`,
    ]);
    const events: unknown[] = [];
    const serve = async (reader: StreamReader, writer: StreamWriter) => {
      for await (const line of reader) writer.write(text(line).toUpperCase());
      writer.write("bye\n");
      writer.close();
      await writer.waitClosed();
      events.push("server closed");
    };
    await run(async () => {
      const server = await createServer(
        () => new StreamReaderProtocol(new StreamReader(), serve),
        LOOPBACK,
      );
      const reader = new StreamReader();
      const { protocol: { writer } } = await createConnection(
        () => new StreamReaderProtocol(reader),
        { port: portOf(server) },
      );
      writer.write("one\ntwo\n");
      events.push(text(await reader.readLine()));
      writer.writeEof();
      events.push(text(await reader.read()));
      events.push(reader.atEof);
      writer.close();
      await writer.waitClosed();
      await until(() => events.includes("server closed"));
    });
    const sorted = (events: unknown[]) => events.map(String).toSorted();
    assertEquals(sorted(events), sorted(JSON.parse(theirs)));
  },
);

Deno.test("a read that is given up leaves all its bytes to the next one", async () => {
  await using pair = await open();
  const { client: { reader }, peer } = pair;
  const given = createTask(() => reader.readExactly(6), { eager: true });
  peer.transport.write("abc");
  await turns(5);
  given.cancel();
  peer.transport.write("def");
  assertEquals(text(await reader.readExactly(6)), "abcdef");
});

Deno.test("a read may wait before the connection is there", async () => {
  const reader = new StreamReader();
  const protocol = new StreamReaderProtocol(reader);
  const line = reader.readLine();
  await using server = await createServer(() => {
    const peer = new Recorder();
    peer.connectionMade = (transport) => transport.write("hello\n");
    return peer;
  }, LOOPBACK);
  await createConnection(() => protocol, { port: portOf(server) });
  assertEquals(text(await line), "hello\n");
  protocol.writer.abort();
});

Deno.test("a peer that sends more than is read has to wait", async () => {
  await using pair = await open();
  const { client: { reader }, peer, transport } = pair;
  peer.transport.write(new Uint8Array(20_000_000));
  await until(() => !(transport as { isReading?: boolean }).isReading);
  await turns(10);
  assert(peer.transport.getWriteBufferSize() > 0);
  assertEquals((await reader.readExactly(20_000_000)).length, 20_000_000);
  assertEquals(peer.transport.getWriteBufferSize(), 0);
});

Deno.test("a writer is held back by a peer that does not read", async () => {
  await using pair = await open();
  const { client: { writer }, peer } = pair;
  peer.transport.pauseReading();
  let received = 0;
  peer.dataReceived = (data) => received += data.length;
  writer.write(new Uint8Array(20_000_000));
  let drained = false;
  const draining = writer.drain().then(() => drained = true);
  await turns(10);
  assertEquals(drained, false);
  peer.transport.resumeReading();
  await draining;
  writer.close();
  await writer.waitClosed();
  await peer.lost();
  assertEquals(received, 20_000_000);
});

Deno.test("a lost connection fails the read and the writer", async () => {
  await using pair = await open();
  const { client, transport } = pair;
  const { reader, writer } = client;
  const reading = assertRejects(() => reader.readLine(), TypeError, "lost");
  client.connectionLost(new TypeError("lost"));
  await reading;
  await assertRejects(() => writer.drain(), TypeError, "lost");
  transport.abort();
});

Deno.test("aborting the transport ends the reader", async () => {
  await using pair = await open();
  const { client: { reader, writer }, transport } = pair;
  transport.abort();
  assertEquals((await timeout(60_000, () => reader.read())).length, 0);
  assert(writer.isClosing);
});

Deno.test("what came before the transport was closed can still be read", async () => {
  const sent = new Uint8Array(300_000).fill(7);
  const reader = new StreamReader();
  const { protocol: { writer } } = await connectReadPipe(
    () => new StreamReaderProtocol(reader),
    new Response(sent).body!,
  );

  // It goes on as the reader takes what came, so the rest is closed unread.
  let size = 0;
  while (!writer.isClosing) size += (await reader.read(1000)).length;
  await writer.waitClosed();

  assert(size < sent.length);
  assertEquals(size + (await reader.read()).length, sent.length);
  assert(reader.atEof);
});

Deno.test("what came before the end of TLS can still be read", async () => {
  const { server: { cert, key }, authority } = certificates();
  await using server = await createServer(() => {
    const peer = new Recorder();
    peer.connectionMade = (transport) => {
      transport.write("hello");
      transport.close();
    };
    return peer;
  }, { ...LOOPBACK, tls: { cert, key } });
  const reader = new StreamReader();
  const { protocol: { writer } } = await createConnection(
    () => new StreamReaderProtocol(reader),
    {
      port: portOf(server),
      tls: { caCerts: [authority.cert], serverName: "localhost" },
    },
  );

  await writer.waitClosed();

  assertEquals(text(await reader.read()), "hello");
});

Deno.test("after the end of its transport writing is no error, but drain is", async () => {
  await using pair = await open();
  const { client: { writer }, transport } = pair;
  transport.abort();
  await writer.waitClosed();

  writer.write("dropped");
  await assertRejects(() => writer.drain(), Deno.errors.ConnectionReset);
});

Deno.test("what is written before the connection is there is sent", async () => {
  const peer = new Recorder();
  await using server = await createServer(() => peer, LOOPBACK);
  const protocol = new StreamReaderProtocol(new StreamReader());
  protocol.writer.write("early");
  await turns(5);

  await createConnection(() => protocol, { port: portOf(server) });

  await peer.got("early");
  protocol.writer.abort();
});

Deno.test("a writer aborted before the connection is there aborts it", async () => {
  const peer = new Recorder();
  await using server = await createServer(() => peer, LOOPBACK);
  const protocol = new StreamReaderProtocol(new StreamReader());
  protocol.writer.abort();

  await createConnection(() => protocol, { port: portOf(server) });

  await peer.lost();
});

Deno.test("what is written before and after a file is sent stays in order", async () => {
  await using pair = await open();
  const { client: { writer }, peer, transport } = pair;
  await using folder = new Folder();
  await folder.write("content", "file ");
  using file = await Deno.open(folder.file("content"));

  writer.write("head ");
  await writer.drain();
  const sending = sendfile(transport, file);
  assertThrows(() => writer.write("x"), Error, "sendfile is in progress");
  await sending;
  writer.write("tail");

  await peer.got("head file tail");
  await writer.drain();
});

Deno.test("writing to what is only read is an error, and reading goes on", async () => {
  const reader = new StreamReader();
  const { protocol: { writer } } = await connectReadPipe(
    () => new StreamReaderProtocol(reader),
    new Response("hello").body!,
  );
  assertThrows(() => writer.write("x"), Error, "a stream that is read");
  assertEquals(text(await reader.read()), "hello");
});

Deno.test("a pipe to a writer that takes nothing holds the peer back", async () => {
  await using pair = await open();
  const { client: { reader }, peer, transport } = pair;
  const { writable } = new TransformStream<Uint8Array, Uint8Array>();
  const writer = StreamWriter.from(writable);
  const piping = createTask(() => reader.pipeTo(writer));

  peer.transport.write(new Uint8Array(20_000_000));
  await until(() => !(transport as { isReading?: boolean }).isReading);

  piping.cancel();
  writer.abort();
});

Deno.test("a handler that throws is reported, and closes its connection", async () => {
  const reports = await reportsOf(async () => {
    const server = await createServer(
      () =>
        new StreamReaderProtocol(
          new StreamReader(),
          async (_reader, writer) => {
            writer.write("before");
            await sleep(0);
            throw new TypeError("no");
          },
        ),
      LOOPBACK,
    );
    const { protocol } = await createConnection(() => new Recorder(), {
      port: portOf(server),
    });
    await protocol.lost();
    assertEquals(protocol.events, ["made", "data before", "eof", "lost None"]);
  });
  assertEquals(reports.map(({ message }) => message), [
    "Unhandled exception in client handler",
  ]);
});

Deno.test("over Unix sockets and TLS the same", async () => {
  const { server: { cert, key }, authority } = certificates();
  await using folder = new Folder();
  const path = folder.socket;
  const factory = () =>
    new StreamReaderProtocol(new StreamReader(), async (reader, writer) => {
      writer.write(await reader.readLine());
      writer.close();
    });
  const client = () => new StreamReaderProtocol(new StreamReader());
  await run(async () => {
    await createUnixServer(factory, { path });
    const server = await createServer(factory, {
      ...LOOPBACK,
      tls: { cert, key },
    });
    const tls = { caCerts: [authority.cert], serverName: "localhost" };
    for (
      const { protocol: { reader, writer } } of [
        await createUnixConnection(client, path),
        await createConnection(client, { port: portOf(server), tls }),
      ]
    ) {
      writer.write("hello\n");
      assertEquals(text(await reader.read()), "hello\n");
      writer.close();
      await writer.waitClosed();
    }
  });
});

Deno.test("what was fed before stays, and what is no reader is refused", async () => {
  const reader = new StreamReader();
  reader.feedData(new TextEncoder().encode("fed "));
  const protocol = new StreamReaderProtocol(reader);
  assertThrows(() => reader.feedEof(), Error, "a source of its own");
  protocol.dataReceived(new TextEncoder().encode("and received\n"));
  assertEquals(text(await reader.readLine()), "fed and received\n");
  protocol.writer.abort();
  assertThrows(
    () => new StreamReaderProtocol({} as StreamReader),
    TypeError,
    "expected a StreamReader",
  );
  assertThrows(
    () => new StreamReaderProtocol(new StreamReader(), {} as never),
    TypeError,
    "expected a function of reader and writer",
  );
});
