import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  openConnection,
  startServer,
  startUnixServer,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  currentTask,
  moveOnAfter,
  sleep,
  type Task,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";
import { turns } from "../_helpers/turns.ts";
import { closedAgain, openDescriptors, portOf, text } from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { echo, LOOPBACK } from "../_helpers/loopback.ts";
import { Folder } from "../_helpers/folder.ts";

// --- A limit on connections --------------------------------------------------

Deno.test("above maxConnections clients wait to be accepted", async () => {
  const served: StreamWriter[] = [];
  await using server = await startServer((_reader, writer) => {
    served.push(writer);
    writer.write("hello");
  }, { ...LOOPBACK, maxConnections: 2 });
  const clients = [];
  for (let i = 0; i < 4; i++) {
    clients.push(await openConnection({ port: portOf(server) }));
  }
  await until(() => served.length === 2);
  await turns(20);
  assertEquals([served.length, server.connections], [2, 2]);
  const third = clients[2]!.reader.readExactly(5);
  served[0]!.close();
  await third;
  assertEquals(server.connections, 2);
  for (const { writer } of clients) writer.abort();
  for (const writer of served) writer.abort();
});

Deno.test("maxConnections holds for all addresses of a name together", async () => {
  let most = 0;
  await using server = await startServer(async () => {
    await sleep(0);
    most = Math.max(most, server.connections);
  }, { hostname: "localhost", maxConnections: 1 });
  // Where the name has several addresses, both clients come in the same turn.
  const clients = await Promise.all(
    server.addresses.map((address) =>
      Deno.connect(address as Deno.ConnectOptions)
    ),
  );
  await until(() => most > 0);
  await turns(20);
  assertEquals(most, 1);
  for (const client of clients) client.close();
});

Deno.test("a server at its limit can be shut down", async () => {
  const server = await startServer(() => {}, {
    ...LOOPBACK,
    maxConnections: 1,
  });
  const { writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  await server.shutdown({ timeout: 0 });
  writer.abort();
});

for (const kind of ["TCP", "Unix"]) {
  Deno.test(`a server over ${kind} is not started when that is cancelled or aborted already`, async () => {
    await using folder = new Folder();
    const path = folder.file("never.sock");
    const before = openDescriptors();
    const start = (signal?: AbortSignal) =>
      kind === "TCP"
        ? startServer(echo, { ...LOOPBACK, ...(signal && { signal }) })
        : startUnixServer(echo, { path, ...(signal && { signal }) });
    const reason = new Error("no longer wanted");
    const error = await assertRejects(() => start(AbortSignal.abort(reason)));
    assertStrictEquals(error, reason);
    const task = createTask(async () => {
      currentTask()!.cancel();
      await start();
    });
    await assertRejects(async () => await task, CancelledError);
    await closedAgain(before);
    assertEquals(folder.names(), []);
  });
}

// serveForever

Deno.test("serveForever serves until it is cancelled, then closes the server and its clients", async () => {
  let ended = false;
  const server = await startServer(async (reader) => {
    try {
      await reader.read();
    } finally {
      ended = true;
    }
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  const serving = createTask(() => server.serveForever());
  await sleep(0);
  serving.cancel();
  await assertRejects(async () => await serving, CancelledError);
  assertEquals([ended, server.isServing], [true, false]);
  assertEquals((await reader.read()).length, 0);
  writer.close();
});

for (
  const [what, wait] of [
    ["an event that is never set", () => new Event().wait()],
    ["a long sleep", () => sleep(20_000)],
  ] as [string, () => Promise<unknown>][]
) {
  Deno.test(`serveForever, cancelled, cancels a handler that waits for ${what}`, async () => {
    let task: Task<unknown> | undefined;
    const server = await startServer(async () => {
      task = currentTask()!;
      await wait();
    }, LOOPBACK);
    const { reader, writer } = await openConnection({ port: portOf(server) });
    await until(() => task !== undefined);
    await moveOnAfter(1, () => server.serveForever());
    assertEquals(
      [task?.cancelled, server.isServing, server.connections],
      [true, false, 0],
    );
    writer.close();
    await reader.read();
  });
}

Deno.test("serveForever, cancelled again, still waits until its handlers have cleaned up", async () => {
  const mayEnd = new Event();
  let ended = false;
  const server = await startServer(async () => {
    try {
      await sleep(20_000);
    } finally {
      await mayEnd.wait();
      ended = true;
    }
  }, LOOPBACK);
  const { writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  const serving = createTask(() => server.serveForever());
  await sleep(0);
  serving.cancel();
  await turns();
  serving.cancel();
  await turns();
  assertEquals([serving.done, ended], [false, false]);
  mayEnd.set();
  await assertRejects(async () => await serving, CancelledError);
  assertEquals(ended, true);
  writer.close();
});

Deno.test("serveForever ends by its signal as well", async () => {
  const server = await startServer(echo, LOOPBACK);
  const signal = AbortSignal.timeout(1);
  await assertRejects(() => server.serveForever({ signal }), DOMException);
  assertEquals(server.isServing, false);
});

Deno.test("serveForever, not awaited, is no unhandled rejection when it is cancelled", async () => {
  const server = await startServer(echo, LOOPBACK);
  const task = createTask(async () => {
    server.serveForever();
    await sleep(60_000);
  }, { eager: true });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  await server.waitClosed();
});

Deno.test("closing the server ends serveForever", async () => {
  const server = await startServer(echo, LOOPBACK);
  const serving = createTask(() => server.serveForever());
  await sleep(0);
  server.close();
  await assertRejects(async () => await serving, CancelledError, "closed");
});

Deno.test("shutting the server down beside serveForever lets the handlers end", async () => {
  const mayEnd = new Event();
  const server = await startServer(async (_reader, writer) => {
    await mayEnd.wait();
    writer.write("done");
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  const serving = createTask(() => server.serveForever());
  await sleep(0);
  const shutdown = server.shutdown({ timeout: 20_000 });
  await turns();
  assertEquals(serving.done, false);
  mayEnd.set();
  assertEquals(text(await reader.read()), "done");
  await shutdown;
  await assertRejects(async () => await serving, CancelledError, "closed");
  writer.close();
});

Deno.test("serveForever, cancelled as the server is closed, cancels its handlers", async () => {
  const server = await startServer(() => new Event().wait(), LOOPBACK);
  const { writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  const serving = createTask(() => server.serveForever());
  await sleep(0);
  serving.cancel();
  server.close();
  await assertRejects(async () => await serving, CancelledError);
  assertEquals(server.connections, 0);
  writer.close();
});

Deno.test("serveForever twice, or after close, is an error", async () => {
  const server = await startServer(echo, LOOPBACK);
  const serving = createTask(() => server.serveForever());
  await sleep(0);
  await assertRejects(() => server.serveForever(), Error, "already");
  server.close();
  await serving.catch(() => {});
  await assertRejects(() => server.serveForever(), Error, "closed");
});
