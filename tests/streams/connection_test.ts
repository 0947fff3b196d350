import {
  assert,
  assertEquals,
  assertMatch,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  type ConnectOptions,
  openConnection,
  startServer,
} from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  currentTask,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_attempt.ts";
import { turns } from "../tasks/_turns.ts";
import { resettingServer } from "./_resetting.ts";
import {
  bytes,
  closedAgain,
  openDescriptors,
  Pair,
  portOf,
  RawPair,
  readAll,
  text,
  until,
} from "./_sockets.ts";

const LOOPBACK = { hostname: "127.0.0.1" };

// Opening

Deno.test("a connection talks both ways", async () => {
  await using pair = await Pair.open();
  pair.client.writer.write("ping\n");
  assertEquals(text(await pair.peer.reader.readLine()), "ping\n");
  pair.peer.writer.write("pong\n");
  assertEquals(text(await pair.client.reader.readLine()), "pong\n");
});

for (
  const [options, type] of [
    [{}, TypeError],
    [{ port: 1, path: "/x" }, TypeError],
    [{ port: -1 }, RangeError],
    [{ port: 65536 }, RangeError],
    [{ port: 1.5 }, RangeError],
    [{ port: 1, limit: 0 }, RangeError],
    [{ path: "/x", tls: true }, TypeError],
    [{ port: 1, tls: "yes" }, TypeError],
    [{ port: 1, tls: { cert: "half" } }, TypeError],
    [{ port: 1, tls: { cert: "a", key: "b", serverName: "c" } }, TypeError],
  ] as [ConnectOptions, new () => Error][]
) {
  Deno.test(`openConnection(${Deno.inspect(options)}) is a ${type.name}`, async () => {
    await assertRejects(() => openConnection(options), type);
  });
}

Deno.test("nobody listening is ConnectionRefused", async () => {
  const listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await assertRejects(
    () => openConnection({ port }),
    Deno.errors.ConnectionRefused,
  );
});

Deno.test("a connection by name tries the addresses of the name", async () => {
  await using server = await startServer(() => {}, LOOPBACK);
  const { writer } = await openConnection({
    hostname: "localhost",
    port: portOf(server),
  });
  writer.abort();
});

Deno.test("opening rejects at once when it is cancelled or aborted already, and opens nothing", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const before = openDescriptors();
  const task = createTask(async () => {
    currentTask()!.cancel();
    await openConnection({ port });
  });
  await assertRejects(async () => await task, CancelledError);
  const signal = AbortSignal.abort(new Error("before"));
  await assertRejects(() => openConnection({ port, signal }), Error, "before");
  assertEquals(openDescriptors(), before);
});

Deno.test("cancelled while it connects, it leaves nothing open, whenever that is", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const peers: Deno.Conn[] = [];
  const accepting = (async () => {
    for await (const conn of listener) peers.push(conn);
  })();
  await turns();
  const before = openDescriptors();
  for (let microtasks = 0; microtasks < 40; microtasks++) {
    const attempt = new Attempt(async (options) => {
      const { writer } = await openConnection({ port, ...options });
      writer.abort();
    });
    if (microtasks % 2 === 1) await turns(1); // in between, the connection may be there
    for (let i = 0; i < microtasks; i++) await null;
    if (microtasks % 4 > 1) attempt.cancel();
    else attempt.abort();
    await attempt.task.catch(() => {});
    assertMatch(attempt.outcome, /cancelled|Aborted|value/);
  }
  await turns();
  for (const conn of peers) conn.close();
  await closedAgain(before);
  listener.close();
  await accepting;
});

Deno.test("cancelled in the turn in which the connection opens, it leaves nothing open", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const before = openDescriptors();
  for (let i = 0; i < 20; i++) {
    const attempt = new Attempt((options) =>
      openConnection({ port, ...options })
    );
    const other = Deno.connect({ port, ...LOOPBACK }).then((conn) => {
      attempt.cancel(); // likely in the same turn
      conn.close();
    });
    await other;
    await attempt.task.catch(() => {});
    if (attempt.outcome === "value") {
      (attempt.value as { writer: { abort(): void } }).writer.abort();
    }
    (await listener.accept()).close();
    (await listener.accept()).close();
  }
  await closedAgain(before);
});

// Reading

Deno.test("a read that is cancelled leaves its bytes to the next one, and the connection usable", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  for (const giveUp of ["cancel", "abort"] as const) {
    const attempt = new Attempt((options) => reader.readExactly(4, options));
    await pair.peer.write(bytes("ab"));
    await turns();
    attempt[giveUp]();
    await attempt.task;
    await pair.peer.write(bytes("cd"));
    assertEquals(text(await reader.readExactly(4)), "abcd");
  }
  writer.write("still here");
  writer.writeEof();
  assertEquals(await readAll(pair.peer), "still here");
});

Deno.test("a read cancelled as its bytes arrive, again and again, loses none and mixes none up", async () => {
  using pair = await RawPair.open();
  const { reader } = pair.client;
  const sent = Array.from({ length: 300 }, (_, i) => `${i},`).join("");
  const sending = (async () => {
    for (let at = 0; at < sent.length; at += 7) {
      await pair.peer.write(bytes(sent.slice(at, at + 7)));
      await turns(1);
    }
    await pair.peer.closeWrite();
  })();
  let received = "";
  while (!reader.atEof) {
    const attempt = new Attempt((options) => reader.read(3, options));
    await null;
    if (attempt.outcome === "pending") await turns(1);
    attempt.cancel();
    await attempt.task.catch(() => {});
    if (attempt.outcome === "value") {
      received += text(attempt.value as Uint8Array);
    }
  }
  await sending;
  assertEquals(received, sent);
});

Deno.test("a read that times out leaves the connection usable", async () => {
  await using pair = await Pair.open();
  const { reader } = pair.client;
  await assertRejects(() => timeout(1, () => reader.readLine()), TimeoutError);
  pair.peer.writer.write("late\n");
  assertEquals(text(await reader.readLine()), "late\n");
});

Deno.test("a peer that sends faster than it is read has to wait", async () => {
  await using pair = await Pair.open();
  let sent = 0;
  const sending = createTask(async () => {
    const chunk = new Uint8Array(65536);
    while (true) {
      pair.peer.writer.write(chunk);
      await pair.peer.writer.drain();
      sent += chunk.length;
    }
  });
  let before = -1;
  await until(() => {
    const stopped = sent === before;
    before = sent;
    return stopped && sent > 0;
  });
  assert(sent < 50_000_000);
  sending.cancel();
  await sending.catch(() => {});
});

// Half-close

Deno.test("after writeEof the peer reads to the end, and can still answer", async () => {
  await using pair = await Pair.open();
  pair.client.writer.write("question");
  pair.client.writer.writeEof();
  assertEquals(text(await pair.peer.reader.read()), "question");
  pair.peer.writer.write("answer");
  pair.peer.writer.writeEof();
  assertEquals(text(await pair.client.reader.read()), "answer");
});

Deno.test("a connection whose both directions have ended is closed", async () => {
  const before = openDescriptors();
  await using pair = await Pair.open();
  pair.client.writer.writeEof();
  await pair.peer.reader.read();
  pair.peer.writer.writeEof();
  await pair.client.reader.read();
  await Promise.all([
    pair.client.writer.waitClosed(),
    pair.peer.writer.waitClosed(),
  ]);
  assertEquals(pair.server.connections, 0);
  await pair.server.shutdown();
  await closedAgain(before);
});

Deno.test("the end of what the peer sends does not end this side", async () => {
  using pair = await RawPair.open();
  await pair.peer.closeWrite();
  assertEquals((await pair.client.reader.read()).length, 0);
  assertEquals(pair.client.reader.atEof, true);
  pair.client.writer.write("still here");
  pair.client.writer.close();
  assertEquals(await readAll(pair.peer), "still here");
});

// Writing

Deno.test("many small writes of one turn arrive in one piece", async () => {
  using pair = await RawPair.open();
  for (let i = 0; i < 64; i++) pair.client.writer.write(`line ${i}\n`);
  const buffer = new Uint8Array(65536);
  const n = await pair.peer.read(buffer);
  assertEquals(text(buffer.subarray(0, n!)).split("\n").length, 65);
});

Deno.test("the answers to requests that came in one packet leave in one piece", async () => {
  await using server = await startServer(async (reader, writer) => {
    for await (const line of reader) {
      writer.write(line);
      await writer.drain();
    }
    writer.close();
  }, LOOPBACK);
  using conn = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
  const requests = bytes("request\n".repeat(64));
  await conn.write(requests);
  const buffer = new Uint8Array(65536);
  assertEquals(await conn.read(buffer), requests.length);
});

Deno.test("close sends everything, however much it is", async () => {
  using pair = await RawPair.open();
  const { writer } = pair.client;
  const much = "0123456789".repeat(1_000_000);
  writer.write(much);
  writer.close();
  assertEquals(await readAll(pair.peer), much);
  await writer.waitClosed();
});

Deno.test("abort closes at once, with what is unsent", async () => {
  using pair = await RawPair.open();
  const { writer, reader } = pair.client;
  writer.write(new Uint8Array(50_000_000));
  await turns();
  writer.abort();
  await writer.waitClosed();
  assertEquals((await reader.read()).length, 0);
  let received = 0;
  const buffer = new Uint8Array(65536);
  for (let n; (n = await pair.peer.read(buffer).catch(() => null)) !== null;) {
    received += n;
  }
  assert(received < 50_000_000);
});

Deno.test("closing ends a read that waits, as at the end of the stream", async () => {
  for (const end of ["close", "abort"] as const) {
    using pair = await RawPair.open();
    const reading = pair.client.reader.read();
    await turns();
    pair.client.writer[end]();
    assertEquals((await reading).length, 0);
  }
});

Deno.test("reading after close is reading at the end", async () => {
  using pair = await RawPair.open();
  pair.client.writer.close();
  await pair.client.writer.waitClosed();
  assertEquals((await pair.client.reader.read(10)).length, 0);
});

// A lost connection

Deno.test("a connection that is reset surfaces in read, drain and waitClosed, and frees its socket", async () => {
  await using server = await resettingServer();
  const before = openDescriptors();
  const { reader, writer } = await openConnection({ port: server.port });
  writer.write("a");
  const { ConnectionReset } = Deno.errors;
  await assertRejects(() => reader.read(), ConnectionReset);
  await assertRejects(() => reader.readLine(), ConnectionReset);
  await assertRejects(() => writer.drain(), ConnectionReset);
  await assertRejects(() => writer.waitClosed(), ConnectionReset);
  assertEquals(writer.isClosing, true);
  await closedAgain(before);
});

for (const end of ["close", "abort"] as const) {
  Deno.test(`writing to a lost connection is no error before ${end}: drain and waitClosed say that it is lost`, async () => {
    await using server = await resettingServer();
    const before = openDescriptors();
    const { reader, writer } = await openConnection({ port: server.port });
    writer.write("a");
    const { ConnectionReset } = Deno.errors;
    const error = await assertRejects(() => reader.read(), ConnectionReset);
    await closedAgain(before);
    writer.write("b");
    writer.writeLines(["c", "d"]);
    assertStrictEquals(await assertRejects(() => writer.drain()), error);
    assertStrictEquals(await assertRejects(() => writer.waitClosed()), error);
    writer[end]();
    assertThrows(() => writer.write("e"), Error, "closed");
    assertStrictEquals(await assertRejects(() => writer.waitClosed()), error);
  });
}

Deno.test("writing to a client that is lost is no error, also when its handler has returned", async () => {
  await using pair = await Pair.open();
  const { reader, writer } = pair.peer;
  pair.client.writer.abort();
  assertEquals((await reader.read()).length, 0);
  let error: unknown;
  while (error === undefined) {
    writer.write("anybody there?");
    await turns();
    error = await writer.drain().catch((error) => error);
  }
  await until(() => pair.server.connections === 0);
  writer.write("nobody");
  assertStrictEquals(await assertRejects(() => writer.drain()), error);
});

Deno.test("a reset ends drains that wait, when a read finds it", async () => {
  await using server = await resettingServer();
  const { reader, writer } = await openConnection({ port: server.port });
  writer.write(new Uint8Array(50_000_000));
  const waits = [writer.drain(), writer.waitClosed(), reader.read()];
  for (const wait of waits) await assertRejects(() => wait);
});

Deno.test("a peer that is gone surfaces at drain, and what it sent before can still be read", async () => {
  using pair = await RawPair.open();
  const { reader, writer } = pair.client;
  await pair.peer.write(bytes("farewell"));
  pair.peer.close();
  let error: unknown;
  while (error === undefined) {
    writer.write("anybody there?");
    await turns();
    error = await writer.drain().catch((error) => error);
  }
  assert(
    error instanceof Deno.errors.BrokenPipe ||
      error instanceof Deno.errors.ConnectionReset,
  );
  assertEquals(text(await reader.read(8)), "farewell");
});

Deno.test("drains that wait end when the connection is lost", async () => {
  using pair = await RawPair.open();
  const { writer } = pair.client;
  writer.write(new Uint8Array(50_000_000));
  const drains = [writer.drain(), writer.drain(), writer.waitClosed()];
  await turns();
  pair.peer.close();
  for (const drain of drains) await assertRejects(() => drain, Error);
});

Deno.test("a lost connection that nobody asks about is no unhandled rejection", async () => {
  await using server = await resettingServer();
  const { writer } = await openConnection({ port: server.port });
  for (let i = 0; i < 10; i++) {
    writer.write("anybody there?");
    await turns(1);
  }
  writer.close();
  await turns();
});

// Facts

Deno.test("getExtraInfo tells the addresses and the connection", async () => {
  await using pair = await Pair.open();
  const { writer } = pair.client;
  const { hostname, port } = writer.getExtraInfo("peername") as Deno.NetAddr;
  assertEquals([hostname, port], ["127.0.0.1", portOf(pair.server)]);
  const own = writer.getExtraInfo("sockname") as Deno.NetAddr;
  const peers = pair.peer.writer.getExtraInfo("peername") as Deno.NetAddr;
  assertEquals(own.port, peers.port);
  const conn = writer.getExtraInfo("conn") as Deno.Conn;
  assertEquals(conn.localAddr, own);
  assertEquals(writer.getExtraInfo("tls"), undefined);
  assertEquals(writer.getExtraInfo("pid", "none"), "none");
  assertEquals(writer.canWriteEof, true);
});

Deno.test("console.log shows the peer", async () => {
  await using pair = await Pair.open();
  assertEquals(
    Deno.inspect(pair.client.writer),
    `StreamWriter { peer: "127.0.0.1:${
      portOf(pair.server)
    }", unsent: 0, closing: false, closed: false }`,
  );
});

// The end of the run

Deno.test("the end of the run closes its connections, and sends what the peer takes at once", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const before = openDescriptors();
  let write = (_: string) => {};
  await run(async () => {
    const { writer } = await openConnection({ port });
    writer.write("last words");
    write = (data) => writer.write(data);
  });
  assertThrows(() => write("too late"), Error, "closed");
  const conn = await listener.accept();
  assertEquals(await readAll(conn), "last words");
  conn.close();
  await closedAgain(before);
});

Deno.test("the end of the run does not wait for a peer that reads no more", async () => {
  using listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await run(async () => {
    const { writer } = await openConnection({ port });
    writer.write(new Uint8Array(50_000_000));
    await sleep(0);
  });
  (await listener.accept()).close();
});
