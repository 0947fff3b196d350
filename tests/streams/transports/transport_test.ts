import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  BufferedProtocol,
  createConnection,
  createServer,
  createUnixConnection,
  createUnixServer,
  DatagramTransport,
  Protocol,
  ReadTransport,
  Transport,
  WriteTransport,
} from "@asyncio/asyncio/streams/transports";
import { openConnection } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { CountedReads } from "../_counted_reads.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { resettingServer } from "../_resetting.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  portOf,
  text,
} from "../_sockets.ts";
import { BufferedRecorder, RecordedPair, Recorder } from "./_recorder.ts";
import { Folder } from "../../_helpers/folder.ts";

const LOOPBACK = { hostname: "127.0.0.1" };

class Echo extends Protocol {
  #transport!: Transport;

  override connectionMade(transport: Transport): void {
    this.#transport = transport;
  }

  override dataReceived(data: Uint8Array): void {
    this.#transport.write(data);
  }
}

// Receiving

Deno.test("what comes is the protocol's own", async () => {
  await using pair = await RecordedPair.open();
  const kept: Uint8Array<ArrayBuffer>[] = [];
  pair.peer.dataReceived = (data) => {
    kept.push(data as Uint8Array<ArrayBuffer>);
  };
  pair.transport.write("one");
  await until(() => kept.length === 1);
  pair.transport.write("two");
  await until(() => kept.length === 2);
  assertEquals(kept.map(text), ["one", "two"]);
  assertEquals(kept[0]!.buffer.byteLength, 3);
});

Deno.test("a BufferedProtocol gets as much at once as fits into its memory", async () => {
  await using pair = await RecordedPair.open(() => new BufferedRecorder(4));
  const { client, peer } = pair;
  peer.transport.write("0123456789");
  peer.transport.writeEof();
  await client.lost();
  assertEquals(client.events, [
    "made",
    "data 0123",
    "data 4567",
    "data 89",
    "eof",
    "lost None",
  ]);
  assertEquals(client.hints, [10, 6, 2]);
});

Deno.test("a BufferedProtocol that pauses reading gets the rest when it resumes", async () => {
  await using pair = await RecordedPair.open(() => new BufferedRecorder(4));
  const { client, peer, transport } = pair;
  const { bufferUpdated } = client;
  client.bufferUpdated = (count) => {
    bufferUpdated.call(client, count);
    transport.pauseReading();
  };
  peer.transport.write("0123456");
  await until(() => client.events.length === 2);
  await turns(5);
  assertEquals(client.events, ["made", "data 0123"]);
  transport.resumeReading();
  await until(() => client.events.length === 3);
  assertEquals(client.events.at(-1), "data 456");
});

Deno.test("another protocol in the middle of what has come gets the rest", async () => {
  await using pair = await RecordedPair.open(() => new BufferedRecorder(4));
  const { client, peer, transport } = pair;
  const second = new Recorder();
  client.bufferUpdated = () => transport.setProtocol(second);
  peer.transport.write("0123456");
  await second.got("456");
});

Deno.test("memory that is empty, or none, loses the connection", async () => {
  for (const memory of [new Uint8Array(), undefined, [1]]) {
    const reports = await reportsOf(async () => {
      await using pair = await RecordedPair.open(() => new BufferedRecorder(1));
      pair.client.getBuffer = () => memory as Uint8Array;
      pair.peer.transport.write("x");
      await pair.client.lost();
      assertEquals(pair.client.events.at(-1), "lost TypeError");
    });
    assertEquals(reports.map(({ message }) => message), [
      "Fatal error: protocol.getBuffer() call failed",
    ]);
  }
});

Deno.test("an error of bufferUpdated is reported under its name", async () => {
  const reports = await reportsOf(async () => {
    await using pair = await RecordedPair.open(() => new BufferedRecorder(1));
    pair.client.bufferUpdated = () => {
      throw new TypeError("full");
    };
    pair.peer.transport.write("x");
    await pair.client.lost();
    assertEquals(pair.client.events.at(-1), "lost TypeError");
  });
  assertEquals(reports.map(({ message }) => message), [
    "Fatal error: protocol.bufferUpdated() call failed",
  ]);
});

Deno.test("messages a little longer than the first read take one read each, but for the first", async () => {
  await using pair = await RecordedPair.open();
  const reads = new CountedReads(
    pair.client.transport.getExtraInfo("conn") as Deno.Conn,
  );
  for (const size of [700, 1100, 5000]) {
    const before = reads.count;
    for (let i = 0; i < 20; i++) {
      let missing = size;
      pair.client.dataReceived = (data) => void (missing -= data.length);
      pair.peer.transport.write(new Uint8Array(size));
      await until(() => missing === 0);
    }
    const passed = reads.count - before;
    assert(passed <= 24, `${passed} reads of ${size} bytes`);
  }
});

Deno.test("a transport of both directions is a ReadTransport and a WriteTransport", async () => {
  await using pair = await RecordedPair.open();
  assert(pair.transport instanceof Transport);
  assert(pair.transport instanceof ReadTransport);
  assert(pair.transport instanceof WriteTransport);
  assert(!(pair.transport instanceof DatagramTransport));
  assert(!(new Protocol() instanceof (ReadTransport as never)));
  abstract class Own extends ReadTransport {}
  assert(!(pair.transport instanceof Own));
});

Deno.test("much data arrives whole, in order, through a protocol that writes it back", async () => {
  await using server = await createServer(() => new Echo(), LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  const sent = new Uint8Array(3_000_000).map((_, i) => i % 251);
  writer.write(sent);
  const got = await reader.readExactly(sent.length);
  assertEquals(got, sent);
  writer.abort();
});

Deno.test("a peer that sends without pause leaves timers their turn", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  let received = 0;
  client.dataReceived = (data) => {
    received += data.length;
    transport.write(data); // and back, for ever
  };
  peer.dataReceived = (data) => peer.transport.write(data);
  for (let i = 0; i < 20; i++) transport.write(new Uint8Array(1000));
  const fired = Promise.withResolvers<void>();
  setTimeout(fired.resolve);
  await fired.promise;
  await until(() => received > 100_000);
});

// Writing

Deno.test("the bytes are taken as they are when they are written", async () => {
  await using pair = await RecordedPair.open();
  const buffer = bytes("1");
  pair.transport.write(buffer);
  buffer[0]!++;
  pair.transport.write(buffer);
  buffer[0]!++;
  await pair.peer.got("12");
});

Deno.test("text is written as UTF-8, lists one after the other", async () => {
  await using pair = await RecordedPair.open();
  pair.transport.writeLines(["é", bytes("\n"), "z"]);
  await pair.peer.got("é\nz");
});

Deno.test("writeLines with a wrong piece, or of what is no iterable, sends nothing", async () => {
  await using pair = await RecordedPair.open();
  const { peer, transport } = pair;
  for (const pieces of [["a", 5], undefined, 5]) {
    assertThrows(
      () => transport.writeLines(pieces as never),
      TypeError,
      "Cannot write: expected",
    );
  }
  transport.write("b");
  await peer.got("b");
});

Deno.test("many writes while one is under way arrive in order", async () => {
  await using pair = await RecordedPair.open();
  const { peer, transport } = pair;
  let expected = "";
  for (let i = 0; i < 3000; i++) {
    const each = `${i},`;
    expected += each;
    transport.write(each);
  }
  await peer.got(expected);
});

Deno.test("what is unsent at close is sent, also to a slow peer", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  peer.transport.pauseReading();
  let received = 0;
  peer.dataReceived = (data) => received += data.length;
  transport.write(new Uint8Array(20_000_000));
  transport.close();
  assert(transport.getWriteBufferSize() > 0);
  assert(transport.isClosing && !client.isLost);
  peer.transport.resumeReading();
  await client.lost();
  await peer.lost();
  assertEquals(received, 20_000_000);
});

Deno.test("reading goes on while the peer does not take what is written", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  peer.transport.pauseReading();
  transport.write(new Uint8Array(20_000_000));
  client.events.length = 1;
  peer.transport.write("heard");
  await client.got("heard");
});

Deno.test("a protocol that goes on writing after the end is reported once", async () => {
  const reports = await reportsOf(async () => {
    await using pair = await RecordedPair.open();
    const { client, transport } = pair;
    transport.abort();
    await client.lost();
    for (let i = 0; i < 20; i++) transport.write("x");
  });
  assertEquals(reports.map(({ message }) => message), [
    "Recorder goes on writing to a transport that is closed: all of it is dropped",
  ]);
});

// The end

Deno.test("a reset by the peer is an error, and no report", async () => {
  const reports = await reportsOf(async () => {
    await using server = await resettingServer();
    const { protocol, transport } = await createConnection(
      () => new Recorder(),
      { ...LOOPBACK, port: server.port },
    );
    transport.write("x");
    await protocol.lost();
    assertEquals(protocol.events, ["made", "lost ConnectionResetError"]);
  });
  assertEquals(reports, []);
});

Deno.test("connectionLost is called once, whatever comes together", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  transport.write(new Uint8Array(1000));
  transport.writeEof();
  transport.close();
  peer.transport.abort();
  transport.abort();
  transport.close();
  await client.lost();
  await peer.lost();
  await turns(10);
  assertEquals(client.events.filter((it) => it.startsWith("lost")).length, 1);
  assertEquals(peer.events.filter((it) => it.startsWith("lost")).length, 1);
});

Deno.test("no descriptor is left when both ends are closed", async () => {
  const before = openDescriptors();
  {
    await using pair = await RecordedPair.open();
    pair.transport.close();
    await pair.client.lost();
  }
  await closedAgain(before);
});

Deno.test("a transport ends with its run, and says so to its protocol", async () => {
  await using server = await createServer(() => new Echo(), LOOPBACK);
  const protocol = await run(async () => {
    const { protocol, transport } = await createConnection(
      () => new Recorder(),
      { port: portOf(server) },
    );
    transport.write("last words");
    return protocol;
  });
  assertEquals(protocol.events.at(-1), "lost None");
});

Deno.test("a peer that takes nothing does not keep a run from ending", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const protocol = await run(async () => {
    const { port } = listener.addr as Deno.NetAddr;
    const { protocol, transport } = await createConnection(
      () => new Recorder(),
      { port },
    );
    transport.write(new Uint8Array(50_000_000));
    return protocol;
  });
  assertEquals(protocol.events.at(-1), "lost None");
  (await listener.accept()).close();
});

// Contexts

Deno.test("callbacks run in no task, with the context variables of their making", async () => {
  const name = new ContextVar<string>("name", { default: "none" });
  const seen: unknown[] = [];
  const note = () => seen.push([currentTask(), name.get()]);
  class Noting extends Recorder {
    override note(event: string): void {
      note();
      super.note(event);
    }
  }
  await run(async () => {
    name.set("server");
    const peer = new Noting();
    const server = await createServer(() => peer, LOOPBACK);
    name.set("client");
    const { protocol, transport } = await createConnection(
      () => new Noting(),
      { port: portOf(server) },
    );
    name.set("later");
    await until(() => peer.events.length > 0);
    peer.transport.pauseReading();
    transport.setWriteBufferLimits({ high: 10 });
    transport.write(new Uint8Array(5_000_000)); // pauses in here
    assertEquals(protocol.last, "pause");
    peer.transport.resumeReading();
    await until(() => protocol.last === "resume");
    transport.close();
    await peer.lost();
    assertEquals(seen.length, protocol.events.length + peer.events.length);
  });
  assertEquals(
    new Set(seen.map((each) => JSON.stringify(each))),
    new Set([
      JSON.stringify([undefined, "server"]),
      JSON.stringify([undefined, "client"]),
    ]),
  );
});

Deno.test("tasks that callbacks start belong to the run, not to a task", async () => {
  await run(async () => {
    let child: ReturnType<typeof createTask> | undefined;
    const server = await createServer(() => new Echo(), LOOPBACK);
    class Starting extends Protocol {
      override dataReceived(): void {
        child = createTask(() => sleep(Infinity));
      }
    }
    const connecting = createTask(() =>
      createConnection(() => new Starting(), { port: portOf(server) })
    );
    const { transport } = await connecting;
    transport.write("x");
    await until(() => child !== undefined);
    assertEquals(child!.loop, getRunningLoop());
    assertEquals(child!.done, false);
  });
});

// Connecting and serving

Deno.test("connectionMade is called before createConnection gives the transport, data comes after", async () => {
  class Greeting extends Protocol {
    override connectionMade(transport: Transport): void {
      transport.write("hello");
    }
  }
  await using server = await createServer(() => new Greeting(), LOOPBACK);
  const { protocol, transport } = await createConnection(() => new Recorder(), {
    port: portOf(server),
  });
  assertEquals(protocol.events, ["made"]);
  const second = new Recorder();
  transport.setProtocol(second);
  await second.got("hello");
  transport.abort();
});

Deno.test("a factory that throws leaves nothing open, here or in a server", async () => {
  const before = openDescriptors();
  const fail = () => {
    throw new SyntaxError("no protocol");
  };
  const reports = await reportsOf(async () => {
    const server = await createServer(fail, LOOPBACK);
    const port = portOf(server);
    await assertRejects(() => createConnection(fail, { port }), SyntaxError);
    const { reader, writer } = await openConnection({ port });
    assertEquals((await reader.read()).length, 0);
    writer.close();
    assertEquals(server.connections, 0);
  });
  assertEquals(reports.map(({ message }) => message), [
    "Cannot serve a client",
    "Cannot serve a client",
  ]);
  await closedAgain(before);
});

Deno.test("what is no factory, or makes no protocol, is refused with the fix", async () => {
  await using server = await createServer(() => new Echo(), LOOPBACK);
  const port = portOf(server);
  await assertRejects(
    () => createConnection(new Recorder() as never, { port }),
    TypeError,
    "write createConnection(() => new MyProtocol(), ...)",
  );
  await assertRejects(
    () => createServer(Recorder.prototype as never, LOOPBACK),
    TypeError,
    "Cannot call createServer: expected a function",
  );
  await assertRejects(
    () => createConnection(() => undefined as never, { port }),
    TypeError,
    "expected a protocol, received undefined",
  );
  await assertRejects(
    () => createConnection(() => new Recorder(), {}),
    TypeError,
    "a port or a path",
  );
  await assertRejects(
    () => createUnixConnection(() => new Recorder(), ""),
    TypeError,
    "path",
  );
});

Deno.test("createConnection that is cancelled opens nothing, and makes no protocol", async () => {
  await using server = await createServer(() => new Echo(), LOOPBACK);
  const port = portOf(server);
  let made = 0;
  const factory = () => {
    made++;
    return new Recorder();
  };
  const task = createTask(() => createConnection(factory, { port }), {
    eager: true,
  });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  await until(() => server.connections === 0);
  assertEquals(made, 0);
});

Deno.test("a transport knows its addresses, also after the end", async () => {
  await using pair = await RecordedPair.open();
  const { client, peer, transport } = pair;
  const { port } = pair.server.addresses[0] as Deno.NetAddr;
  const sockname = transport.getExtraInfo("sockname");
  assertEquals(peer.transport.getExtraInfo("peername"), sockname);
  transport.abort();
  await client.lost();
  assertEquals(transport.getExtraInfo("peername"), {
    transport: "tcp",
    ...LOOPBACK,
    port,
  });
  assertEquals(transport.getExtraInfo("nonsense", "fallback"), "fallback");
  assertEquals(transport.getExtraInfo("nonsense"), undefined);
});

Deno.test("a transport prints its state", async () => {
  await using pair = await RecordedPair.open();
  const { port } = pair.server.addresses[0] as Deno.NetAddr;
  assertEquals(
    Deno.inspect(pair.transport, { colors: false }),
    `StreamTransport { peer: "127.0.0.1:${port}", protocol: "Recorder", state: "open", reading: true, unsent: 0 }`,
  );
});

Deno.test("over a Unix socket the same", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  const peer = new Recorder();
  await using _server = await createUnixServer(() => peer, { path });
  const { protocol, transport } = await createUnixConnection(
    () => new Recorder(),
    path,
  );
  transport.write("hello");
  await peer.got("hello");
  peer.transport.write("there");
  peer.transport.close();
  await protocol.lost();
  assertEquals(protocol.events, ["made", "data there", "eof", "lost None"]);
});

// Servers

Deno.test("a server waits for its protocols at the end, and closes them at the timeout", async () => {
  const peer = new Recorder();
  const server = await createServer(() => peer, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  server.close();
  const closed = server.waitClosed();
  await turns(5);
  assertEquals(peer.events, ["made"]);
  await server.shutdown({ timeout: 1 });
  await closed;
  assertEquals(peer.events, ["made", "lost None"]);
  assertEquals((await reader.read()).length, 0);
  writer.close();
});

Deno.test("closeClients closes the transports, abortClients at once", async () => {
  for (const end of ["closeClients", "abortClients"] as const) {
    const peer = new Recorder();
    await using server = await createServer(() => peer, LOOPBACK);
    const { reader, writer } = await openConnection({ port: portOf(server) });
    await until(() => server.connections === 1);
    server[end]();
    await peer.lost();
    assertEquals((await reader.read()).length, 0);
    assertEquals(server.connections, 0);
    writer.close();
  }
});

Deno.test("with maxConnections the next client waits until a transport is closed", async () => {
  const peers: Recorder[] = [];
  const factory = () => {
    peers.push(new Recorder());
    return peers.at(-1)!;
  };
  await using server = await createServer(factory, {
    ...LOOPBACK,
    maxConnections: 1,
  });
  const clients = [];
  for (let i = 0; i < 2; i++) {
    clients.push(await openConnection({ port: portOf(server) }));
  }
  await until(() => peers.length === 1);
  await turns(5);
  assertEquals(peers.length, 1);
  peers[0]!.transport.close();
  await until(() => peers.length === 2);
  for (const { writer } of clients) writer.abort();
});

Deno.test("the methods of the bare classes do nothing, but for getBuffer", () => {
  const protocol = new Protocol();
  protocol.dataReceived(new Uint8Array());
  assertEquals(protocol.eofReceived(), undefined);
  assertThrows(() => new BufferedProtocol().getBuffer(1), TypeError);
});
