import { assertEquals, assertRejects } from "@std/assert";
import {
  openConnection,
  startServer,
  type StreamReader,
  type StreamWriter,
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
import { Event } from "@asyncio/asyncio/sync";
import { turns } from "../_helpers/turns.ts";
import {
  closedAgain,
  openDescriptors,
  portOf,
  readAll,
  text,
} from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { echo, LOOPBACK } from "../_helpers/loopback.ts";

// --- Closing -----------------------------------------------------------------

Deno.test("close takes no new clients, and leaves those that are there", async () => {
  const server = await startServer(echo, LOOPBACK);
  const port = portOf(server);
  const { reader, writer } = await openConnection({ port });
  await until(() => server.connections === 1);
  server.close();
  server.close();
  assertEquals([server.isServing, server.addresses], [false, []]);
  await turns();
  await assertRejects(() => openConnection({ port }));
  writer.write("still here\n");
  assertEquals(text(await reader.readLine()), "still here\n");
  writer.writeEof();
  await server.waitClosed();
  assertEquals((await reader.read()).length, 0);
});

Deno.test("waitClosed waits for close and for all handlers", async () => {
  const mayEnd = new Event();
  const server = await startServer(async (_reader, writer) => {
    await mayEnd.wait();
    writer.close();
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  let closed = false;
  const waiting = server.waitClosed().then(() => closed = true);
  await turns();
  assertEquals(closed, false, "it is not closed");
  server.close();
  await turns();
  assertEquals(closed, false, "a handler runs");
  mayEnd.set();
  await waiting;
  await reader.read();
  writer.close();
});

Deno.test("after waitClosed the port is free", async () => {
  const server = await startServer(echo, LOOPBACK);
  const port = portOf(server);
  server.close();
  await server.waitClosed();
  await using next = await startServer(echo, { ...LOOPBACK, port });
  assertEquals(portOf(next), port);
});

Deno.test("closeClients sends what is unsent, abortClients does not", async () => {
  for (const end of ["closeClients", "abortClients"] as const) {
    const much = 20_000_000;
    await using server = await startServer((_reader, writer) => {
      writer.write(new Uint8Array(much));
    }, LOOPBACK);
    using conn = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
    await until(() => server.connections === 1);
    await turns();
    server[end]();
    const received = (await readAll(conn)).length;
    assertEquals(received === much, end === "closeClients");
    await until(() => server.connections === 0);
  }
});

// shutdown

Deno.test("shutdown lets handlers end, and closes what they left open", async () => {
  const mayEnd = new Event();
  const server = await startServer(async (_reader, writer) => {
    await mayEnd.wait();
    writer.write("done");
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  const shutdown = server.shutdown();
  await turns();
  mayEnd.set();
  await shutdown;
  assertEquals(server.connections, 0);
  assertEquals(text(await reader.read()), "done");
  writer.close();
});

Deno.test("at the timeout shutdown cancels handlers, waits for their clean-up and aborts what is left", async () => {
  const log: string[] = [];
  const server = await startServer(async (reader, writer) => {
    try {
      await reader.read();
    } catch (error) {
      log.push((error as Error).name);
      writer.write("goodbye");
      await sleep(1);
      log.push("cleaned up");
      throw error;
    }
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  await server.shutdown({ timeout: 1 });
  assertEquals(log, ["CancelledError", "cleaned up"]);
  assertEquals(server.connections, 0);
  assertEquals(text(await reader.read()), "goodbye");
  writer.close();
});

Deno.test("shutdown leaves a handler its client until it has cleaned up", async () => {
  const cleaning = new Event();
  const mayEnd = new Event();
  const server = await startServer(async (reader, writer) => {
    try {
      await reader.read();
    } finally {
      cleaning.set();
      await mayEnd.wait();
      writer.write("goodbye");
    }
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  const shutdown = server.shutdown({ timeout: 0 });
  await cleaning.wait();
  await turns();
  mayEnd.set();
  await shutdown;
  assertEquals(text(await reader.read()), "goodbye");
  writer.close();
});

for (
  const [what, cleanUp] of Object.entries({
    "reads no more": async (_reader: StreamReader, writer: StreamWriter) => {
      writer.write(new Uint8Array(50_000_000));
      await writer.drain();
    },
    "says no more": (reader: StreamReader) => reader.read(),
  })
) {
  Deno.test(`shutdown does not wait for a clean-up that waits for a client that ${what}`, async () => {
    const server = await startServer(async (reader, writer) => {
      try {
        await reader.read();
      } finally {
        await cleanUp(reader, writer);
      }
    }, LOOPBACK);
    using _conn = await Deno.connect({ ...LOOPBACK, port: portOf(server) });
    await until(() => server.connections === 1);
    await server.shutdown({ timeout: 0 });
    assertEquals(server.connections, 0);
  });
}

Deno.test("shutdown does not wait for a peer that reads no more", async () => {
  const before = openDescriptors();
  const server = await startServer((_reader, writer) => {
    writer.write(new Uint8Array(50_000_000));
  }, LOOPBACK);
  const { writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  await server.shutdown({ timeout: 1 });
  assertEquals(server.connections, 0);
  writer.abort();
  await closedAgain(before);
});

Deno.test("a shutdown that is given up leaves the handlers running", async () => {
  const server = await startServer(async (reader, writer) => {
    await reader.read();
    writer.close();
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => server.connections === 1);
  await assertRejects(() => timeout(1, () => server.shutdown()), TimeoutError);
  assertEquals([server.isServing, server.connections], [false, 1]);
  writer.writeEof();
  await reader.read();
  await server.shutdown();
});

Deno.test("a shutdown timeout that is NaN is a RangeError", async () => {
  await using server = await startServer(echo, LOOPBACK);
  await assertRejects(() => server.shutdown({ timeout: NaN }), RangeError);
  assertEquals(server.isServing, true);
});

Deno.test("disposing ends everything, also in a task with a cancel pending", async () => {
  const before = openDescriptors();
  let ended = false;
  const task = createTask(async () => {
    await using server = await startServer(async (reader) => {
      try {
        await reader.read();
      } finally {
        ended = true;
      }
    }, LOOPBACK);
    const { writer } = await openConnection({ port: portOf(server) });
    await until(() => server.connections === 1);
    writer.close();
    currentTask()!.cancel();
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(ended, true);
  await closedAgain(before);
});

// --- The end of the run ------------------------------------------------------

Deno.test("the end of the run shuts its servers down, and nothing is left open", async () => {
  const before = openDescriptors();
  const log: string[] = [];
  await run(async () => {
    const server = await startServer(async (reader) => {
      try {
        await reader.read();
      } finally {
        log.push("handler ended");
      }
    }, LOOPBACK);
    await openConnection({ port: portOf(server) });
    await until(() => server.connections === 1);
  });
  assertEquals(log, ["handler ended"]);
  await closedAgain(before);
});

Deno.test("runs side by side have their own servers", async () => {
  const port = await run(async () => {
    const inner = await startServer(echo, LOOPBACK);
    return portOf(inner);
  });
  await assertRejects(() => openConnection({ port }));
});
