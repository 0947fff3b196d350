import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  openConnection,
  type ServeOptions,
  startServer,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import {
  allTasks,
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";
import { reportsOf } from "../_helpers/reports.ts";
import { turns } from "../_helpers/turns.ts";
import { runChild } from "./_child.ts";
import { closedAgain, openDescriptors, portOf, text } from "./_sockets.ts";
import { until } from "../_helpers/until.ts";
import { echo, LOOPBACK } from "../_helpers/loopback.ts";

/** Opens a connection, writes, reads to the end. */
async function ask(port: number, question: string): Promise<string> {
  const { reader, writer } = await openConnection({ port });
  writer.write(question);
  writer.writeEof();
  const answer = text(await reader.read());
  writer.close();
  return answer;
}

// --- Starting ----------------------------------------------------------------

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
    [{ tls: { cert: "", key: "", caCerts: [] } }, TypeError],
    [{ tls: { cert: "" } }, TypeError],
    [{ tls: { key: "" } }, TypeError],
    [{ tls: {} }, TypeError],
    [{ tls: true }, TypeError],
    [{ tls: null }, TypeError],
  ] as unknown as [ServeOptions, new () => Error][]
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

Deno.test("a port that is taken is AddrInUse and named", async () => {
  await using server = await startServer(echo, LOOPBACK);
  const port = portOf(server);
  await assertRejects(
    () => startServer(echo, { ...LOOPBACK, port }),
    Deno.errors.AddrInUse,
    `Cannot listen at 127.0.0.1:${port}: `,
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
  await closedAgain(before);
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

Deno.test("a server on an empty name listens on every IPv4 address, as on none", async () => {
  await using server = await startServer(echo, { hostname: "" });
  const [{ hostname }] = server.addresses as [Deno.NetAddr];
  assertEquals(hostname, "0.0.0.0");
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

// --- Handlers ----------------------------------------------------------------

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
  const user = new ContextVar("user", { default: "guest" });
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

for (const error of [new Error("cannot"), undefined]) {
  Deno.test(`a handler that throws ${error} at once, without being async, is reported as well`, async () => {
    const reports = await reportsOf(async () => {
      const server = await startServer(() => {
        throw error;
      }, LOOPBACK);
      assertEquals(await ask(portOf(server), ""), "");
    });
    assertEquals(reports.map((it) => it.error), [error]);
  });
}

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

// --- Looking inside ----------------------------------------------------------

Deno.test("console.log shows the state of a server", async () => {
  const server = await startServer(() => {}, LOOPBACK);
  const port = portOf(server);
  assertEquals(
    Deno.inspect(server),
    `Server { addresses: [ "127.0.0.1:${port}" ], serving: true, connections: 0, handlers: 0 }`,
  );
  await server.shutdown();
});
