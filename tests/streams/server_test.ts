import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  openConnection,
  type ServeOptions,
  startServer,
  startUnixServer,
  type StreamReader,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import {
  allTasks,
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  moveOnAfter,
  run,
  sleep,
  type Task,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";
import { reportsOf } from "../tasks/_reports.ts";
import { turns } from "../tasks/_turns.ts";
import { runChild } from "./_child.ts";
import {
  closedAgain,
  openDescriptors,
  portOf,
  readAll,
  text,
  until,
} from "./_sockets.ts";

const LOOPBACK = { hostname: "127.0.0.1" };

async function echo(reader: StreamReader, writer: StreamWriter): Promise<void> {
  for await (const line of reader) writer.write(line);
  writer.close();
}

/** Opens a connection, writes, reads to the end. */
async function ask(port: number, question: string): Promise<string> {
  const { reader, writer } = await openConnection({ port });
  writer.write(question);
  writer.writeEof();
  const answer = text(await reader.read());
  writer.close();
  return answer;
}

// Starting

Deno.test("a server serves from the start, on a free port", async () => {
  await using server = await startServer(echo, LOOPBACK);
  assertEquals(server.isServing, true);
  assert(portOf(server) > 0);
  assertEquals(await ask(portOf(server), "hello\n"), "hello\n");
});

for (
  const [options, type] of [
    [{ port: -1 }, RangeError],
    [{ port: 70_000 }, RangeError],
    [{ limit: 0 }, RangeError],
    [{ maxConnections: 0 }, RangeError],
    [{ maxConnections: 1.5 }, RangeError],
    [{ path: "/x", tls: { cert: "", key: "" } }, TypeError],
    [{ tls: { cert: "", key: "", caCerts: [] } }, TypeError],
  ] as [ServeOptions, new () => Error][]
) {
  Deno.test(`startServer with ${Deno.inspect(options)} is a ${type.name}`, async () => {
    await assertRejects(() => startServer(echo, options), type);
  });
}

Deno.test("a handler that is no function is a TypeError", async () => {
  await assertRejects(
    () => startServer(Promise.resolve() as never, LOOPBACK),
    TypeError,
    "function",
  );
});

Deno.test("a port that is taken is AddrInUse", async () => {
  await using server = await startServer(echo, LOOPBACK);
  await assertRejects(
    () => startServer(echo, { ...LOOPBACK, port: portOf(server) }),
    Deno.errors.AddrInUse,
  );
});

Deno.test("starting, cancelled or aborted already, leaves nothing listening", async () => {
  const before = openDescriptors();
  const task = createTask(async () => {
    currentTask()!.cancel();
    await startServer(echo, { hostname: "localhost" });
  });
  await assertRejects(async () => await task, CancelledError);
  await assertRejects(() =>
    startServer(echo, { hostname: "localhost", signal: AbortSignal.abort() })
  );
  assertEquals(openDescriptors(), before);
});

Deno.test("a server on a name listens on all its addresses, on one port", async () => {
  await using server = await startServer(echo, { hostname: "localhost" });
  const ports = new Set(
    server.addresses.map((address) => (address as Deno.NetAddr).port),
  );
  assertEquals(ports.size, 1);
  for (const address of server.addresses as Deno.NetAddr[]) {
    const { writer } = await openConnection(address);
    writer.abort();
  }
});

Deno.test("a server listens on IPv6, and its clients are named so", async () => {
  let name = "";
  await using server = await startServer((_reader, writer) => {
    name = currentTask()!.name;
    writer.close();
  }, { hostname: "::1" });
  const { reader, writer } = await openConnection({
    hostname: "::1",
    port: portOf(server),
  });
  await reader.read();
  const own = writer.getExtraInfo("sockname") as Deno.NetAddr;
  assertEquals(name, `[::1]:${own.port}`);
  writer.close();
});

Deno.test("several servers share a port with reusePort, where the runtime allows it", async () => {
  const options = { ...LOOPBACK, reusePort: true };
  await assertRejects(
    () => startServer(echo, options),
    Deno.errors.NotSupported,
    "--unstable-net",
  );
  const flags = ["--unstable-net"];
  assertEquals(await runChild("_reuse_port.ts", { flags }), ["true"]);
});

// Handlers

Deno.test("every client has a task of its own, named by its address", async () => {
  const names: string[] = [];
  const bothThere = new Event();
  await using server = await startServer(async (_reader, writer) => {
    names.push(currentTask()!.name);
    if (names.length === 2) bothThere.set();
    await bothThere.wait();
    writer.close();
  }, LOOPBACK);
  const clients = [
    await openConnection({ port: portOf(server) }),
    await openConnection({ port: portOf(server) }),
  ];
  for (const { reader } of clients) await reader.read();
  assertEquals(
    names.sort(),
    clients.map(({ writer }) => {
      const { port } = writer.getExtraInfo("sockname") as Deno.NetAddr;
      return `127.0.0.1:${port}`;
    }).sort(),
  );
  for (const { writer } of clients) writer.close();
});

Deno.test("handlers run in the run that the server was started in, with a copy of its variables", async () => {
  const user = new ContextVar("user", { default: "nobody" });
  const seen = await run(async () => {
    user.set("ada");
    const tasks = Promise.withResolvers<[string, number]>();
    const server = await startServer((_reader, writer) => {
      tasks.resolve([user.get(), allTasks().size]);
      user.set("handler");
      writer.close();
    }, LOOPBACK);
    user.set("grace");
    await ask(portOf(server), "");
    return [...await tasks.promise, user.get()];
  });
  assertEquals(seen, ["ada", 2, "grace"]);
});

Deno.test("a handler that throws is reported, and ends its own connection alone", async () => {
  const reports = await reportsOf(async () => {
    const server = await startServer(async (reader, writer) => {
      const line = text(await reader.readLine());
      if (line === "bad\n") throw new Error("cannot");
      writer.write(line);
      writer.close();
    }, LOOPBACK);
    const good = await openConnection({ port: portOf(server) });
    assertEquals(await ask(portOf(server), "bad\n"), "");
    good.writer.write("good\n");
    assertEquals(text(await good.reader.read()), "good\n");
    assertEquals(await ask(portOf(server), "again\n"), "again\n");
  });
  assertEquals(reports.length, 1);
  const [{ message, error, task }] = reports as [typeof reports[0]];
  assertEquals(message, "Unhandled exception in client handler");
  assertEquals((error as Error).message, "cannot");
  assert(task!.name.startsWith("127.0.0.1:"));
});

Deno.test("a handler that throws at once, without being async, is reported as well", async () => {
  const reports = await reportsOf(async () => {
    const server = await startServer(() => {
      throw new Error("cannot");
    }, LOOPBACK);
    assertEquals(await ask(portOf(server), ""), "");
  });
  assertEquals(reports.length, 1);
});

Deno.test("what a handler wrote before it threw is sent", async () => {
  await reportsOf(async () => {
    const server = await startServer((_reader, writer) => {
      writer.write("sorry");
      throw new Error("cannot");
    }, LOOPBACK);
    assertEquals(await ask(portOf(server), ""), "sorry");
  });
});

Deno.test("a handler that is cancelled ends its connection, and is not reported", async () => {
  const reports = await reportsOf(async () => {
    const server = await startServer(() => {
      currentTask()!.cancel();
      return sleep(60_000);
    }, LOOPBACK);
    assertEquals(await ask(portOf(server), ""), "");
  });
  assertEquals(reports, []);
});

Deno.test("a handler that returns leaves its connection open", async () => {
  const writers: StreamWriter[] = [];
  await using server = await startServer((_reader, writer) => {
    writers.push(writer);
  }, LOOPBACK);
  const { reader, writer } = await openConnection({ port: portOf(server) });
  await until(() => writers.length === 1);
  await turns();
  assertEquals(server.connections, 1);
  writers[0]!.write("still here");
  writers[0]!.close();
  assertEquals(text(await reader.read()), "still here");
  writer.close();
});

Deno.test("a handler that returns after its connection was lost leaves nothing open", async () => {
  const before = openDescriptors();
  await using server = await startServer(async (_reader, writer) => {
    try {
      while (true) {
        writer.write(new Uint8Array(65536));
        await writer.drain();
      }
    } catch {
      return;
    }
  }, LOOPBACK);
  const { writer } = await openConnection({ port: portOf(server) });
  await turns();
  writer.abort();
  await until(() => server.connections === 0);
  server.close();
  await closedAgain(before);
});

// A limit on connections

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
    const path = `${await Deno.makeTempDir()}/never.sock`;
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
    assertEquals(openDescriptors(), before);
    await assertRejects(() => Deno.lstat(path), Deno.errors.NotFound);
    await Deno.remove(path.slice(0, path.lastIndexOf("/")));
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
    ["an event that nobody sets", () => new Event().wait()],
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

// Closing

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

// The end of the run

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

// Looking inside

Deno.test("console.log shows the state of a server", async () => {
  const server = await startServer(() => {}, LOOPBACK);
  const port = portOf(server);
  assertEquals(
    Deno.inspect(server),
    `Server { addresses: [ "127.0.0.1:${port}" ], serving: true, connections: 0, handlers: 0 }`,
  );
  await server.shutdown();
});
