import {
  assertEquals,
  assertMatch,
  assertRejects,
  assertStringIncludes,
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
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import {
  closedAgain,
  openDescriptors,
  Pair,
  portOf,
  readAll,
  text,
} from "./_sockets.ts";
import { LOOPBACK } from "../_helpers/loopback.ts";

// --- Opening -----------------------------------------------------------------

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
    [{ port: 1, tls: "yes" }, TypeError],
    [{ port: 1, tls: { cert: "half" } }, TypeError],
  ] as [ConnectOptions, new () => Error][]
) {
  Deno.test(`openConnection(${Deno.inspect(options)}) is a ${type.name}`, async () => {
    await assertRejects(() => openConnection(options), type);
  });
}

Deno.test("a port without a listener is ConnectionRefused", async () => {
  const listener = Deno.listen({ ...LOOPBACK, port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  listener.close();
  await assertRejects(
    () => openConnection({ port }),
    Deno.errors.ConnectionRefused,
  );
});

for (const options of [{}, { family: 4 }] as const) {
  Deno.test(`an error of a refused connection names the peer and the line, ${Deno.inspect(options)}`, async () => {
    const listener = Deno.listen({ ...LOOPBACK, port: 0 });
    const { port } = listener.addr as Deno.NetAddr;
    listener.close();
    const askPort = async () => {
      await openConnection({ port, ...options });
    };
    const error = await assertRejects(askPort, Deno.errors.ConnectionRefused);
    const { message, stack, code } = error as typeof error & { code?: string };
    assertStringIncludes(message, `Cannot connect to 127.0.0.1:${port}: `);
    assertStringIncludes(stack!, "at async askPort");
    assertEquals(code, "ECONNREFUSED");
  });
}

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
  await closedAgain(before);
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

// --- Facts -------------------------------------------------------------------

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

Deno.test("a connection whose socket its user has closed is lost for its reader", async () => {
  await using pair = await Pair.open();
  const { reader, writer } = pair.client;
  const line = reader.readLine();
  (writer.getExtraInfo("conn") as Deno.Conn).close();
  await assertRejects(() => line, Deno.errors.Interrupted);
  writer.close();
  await assertRejects(() => writer.waitClosed(), Deno.errors.Interrupted);
});

Deno.test("a connection whose socket its user has closed is lost for its writer", async () => {
  await using pair = await Pair.open();
  const { writer } = pair.client;
  writer.write("?\n");
  (writer.getExtraInfo("conn") as Deno.Conn).close();
  await turns();
  await assertRejects(() => writer.drain(), Deno.errors.BadResource);
  writer.close();
  await assertRejects(() => writer.waitClosed(), Deno.errors.BadResource);
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

// --- The end of the run ------------------------------------------------------

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
