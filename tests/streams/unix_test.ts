import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import {
  openConnection,
  openUnixConnection,
  serve,
  type Server,
  startServer,
  startUnixServer,
  type StreamWriter,
} from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  currentTask,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../_helpers/reports.ts";
import { turns } from "../_helpers/turns.ts";
import { Attempt } from "../_helpers/attempt.ts";
import { Folder } from "../_helpers/folder.ts";
import { runChild } from "./_child.ts";
import { closedAgain, openDescriptors, text } from "./_sockets.ts";

function greet(greeting: string) {
  return (_reader: unknown, writer: StreamWriter) => {
    writer.write(greeting);
    writer.close();
  };
}

async function greetingAt(path: string): Promise<string> {
  const { reader, writer } = await openUnixConnection(path);
  const greeting = text(await reader.read());
  writer.close();
  return greeting;
}

/** Leaves a socket's file behind, as a process does that is killed. */
async function crash(path: string): Promise<void> {
  const code = `
    Deno.listen({ transport: "unix", path: ${JSON.stringify(path)} });
    Deno.kill(Deno.pid, "SIGKILL");
  `;
  await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  assertEquals(Deno.lstatSync(path).isSocket, true);
}

Deno.test("a connection over a Unix socket talks both ways", async () => {
  await using folder = new Folder();
  await using server = await startUnixServer(async (reader, writer) => {
    for await (const line of reader) writer.write(line);
    writer.close();
  }, { path: folder.socket });
  assertEquals(server.addresses, [{
    transport: "unix",
    path: folder.socket,
  }]);
  const { reader, writer } = await openUnixConnection(folder.socket);
  writer.write("hello\n");
  assertEquals(writer.canWriteEof, true);
  writer.writeEof();
  assertEquals(text(await reader.read()), "hello\n");
});

Deno.test("startServer with a path is the same", async () => {
  await using folder = new Folder();
  await using server = await startServer(greet("hello"), {
    path: folder.socket,
  });
  assertEquals(server.isServing, true);
  assertEquals(await greetingAt(folder.socket), "hello");
});

Deno.test("the addresses are those that users know", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  let names: unknown[] = [];
  await using _server = await startUnixServer((_reader, writer) => {
    names = [currentTask()!.name, writer.getExtraInfo("sockname")];
    writer.close();
  }, { path });
  const { reader, writer } = await openUnixConnection(path);
  await reader.read();
  assertEquals(names, [`${path} client 1`, { transport: "unix", path }]);
  assertEquals(writer.getExtraInfo("peername"), { transport: "unix", path });
  writer.close();
});

Deno.test("console.log shows the client of a Unix socket, that has no name, as such", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  let shown: string[] = [];
  await using _server = await startUnixServer((reader, writer) => {
    reader.readLine();
    shown = [Deno.inspect(reader), Deno.inspect(writer)];
    writer.close();
  }, { path });
  const { reader, writer } = await openUnixConnection(path);
  await reader.read();
  assertMatch(shown[0]!, /waiting: "StreamReader.readLine unix"/);
  assertMatch(shown[1]!, /peer: "unix"/);
  writer.close();
});

Deno.test("the socket's file is there while the server serves, nothing beside it, and removed at the end", async () => {
  await using folder = new Folder();
  const before = openDescriptors();
  const server = await startUnixServer(greet("hello"), {
    path: folder.socket,
  });
  assertEquals(folder.names(), ["service.sock"]);
  server.close();
  assertEquals(folder.names(), []);
  await server.waitClosed();
  await closedAgain(before);
});

for (const name of ["s", "~", "ss", "service.sock"]) {
  Deno.test(`a path of ${name} that is as long as the system takes can be served at`, async () => {
    await using folder = new Folder();
    const most = Deno.build.os === "linux" ? 107 : 103;
    const rest = most - `${folder.path}//${name}`.length;
    const long = `${folder.path}/${"d".repeat(rest)}`;
    Deno.mkdirSync(long);
    for (let i = 0; i < 20; i++) {
      await using _server = await startUnixServer(greet("hello"), {
        path: `${long}/${name}`,
      });
      assertEquals([...Deno.readDirSync(long)].map(({ name }) => name), [name]);
    }
  });
}

Deno.test("a file that a crashed server has left is replaced", async () => {
  await using folder = new Folder();
  await crash(folder.socket);
  await using _server = await startUnixServer(greet("hello"), {
    path: folder.socket,
  });
  assertEquals(await greetingAt(folder.socket), "hello");
  assertEquals(folder.names(), ["service.sock"]);
});

Deno.test("a socket with a listener is AddrInUse, and goes on", async () => {
  await using folder = new Folder();
  await using _server = await startUnixServer(greet("first"), {
    path: folder.socket,
  });
  await assertRejects(
    () => startUnixServer(greet("second"), { path: folder.socket }),
    Deno.errors.AddrInUse,
  );
  assertEquals(await greetingAt(folder.socket), "first");
  assertEquals(folder.names(), ["service.sock"]);
});

Deno.test("a file that is no socket is AddrInUse, and is left as it is", async () => {
  await using folder = new Folder();
  Deno.writeTextFileSync(folder.socket, "precious");
  await assertRejects(
    () => startUnixServer(greet("hello"), { path: folder.socket }),
    Deno.errors.AddrInUse,
  );
  assertEquals(Deno.readTextFileSync(folder.socket), "precious");
});

Deno.test("of two servers that start at once one gets the socket", async () => {
  for (const stale of [false, true]) {
    await using folder = new Folder();
    if (stale) await crash(folder.socket);
    const starts = await Promise.allSettled(
      ["first", "second"].map((greeting) =>
        startUnixServer(greet(greeting), { path: folder.socket })
      ),
    );
    const started = starts.filter(({ status }) => status === "fulfilled");
    assertEquals(started.length, 1);
    await greetingAt(folder.socket);
    await (started[0] as PromiseFulfilledResult<Server>).value.shutdown();
    assertEquals(folder.names(), []);
  }
});

Deno.test("a file that cannot be looked at at the end is reported, and the server is closed", async () => {
  const reports = await reportsOf(async () => {
    await using folder = new Folder();
    const inner = `${folder.path}/inner`;
    Deno.mkdirSync(inner);
    const server = await startUnixServer(greet("hello"), {
      path: `${inner}/service.sock`,
    });
    const forever = server.serveForever();
    Deno.removeSync(inner, { recursive: true });
    Deno.writeTextFileSync(inner, "no directory");
    server.close();
    await assertRejects(() => forever, CancelledError);
  });
  assertEquals(reports.length, 1);
  assertMatch(reports[0]!.message, /service\.sock/);
  assert(reports[0]!.error instanceof Deno.errors.NotADirectory);
});

Deno.test("a file that is another's by now is not removed at the end", async () => {
  await using folder = new Folder();
  const first = await startUnixServer(greet("first"), {
    path: folder.socket,
  });
  Deno.removeSync(folder.socket);
  await using _second = await startUnixServer(greet("second"), {
    path: folder.socket,
  });
  await first.shutdown();
  await turns();
  assertEquals(await greetingAt(folder.socket), "second");
});

Deno.test("a server started right after close keeps its file", async () => {
  await using folder = new Folder();
  const first = await startUnixServer(greet("first"), {
    path: folder.socket,
  });
  first.close();
  await using _second = await startUnixServer(greet("second"), {
    path: folder.socket,
  });
  await first.waitClosed();
  await turns();
  assertEquals(await greetingAt(folder.socket), "second");
});

Deno.test("starting that is cancelled while it looks for a live server leaves nothing", async () => {
  await using folder = new Folder();
  await using _server = await startUnixServer(greet("first"), {
    path: folder.socket,
  });
  const before = openDescriptors();
  const task = createTask(
    () => startUnixServer(greet("second"), { path: folder.socket }),
    { eager: true },
  );
  task.cancel();
  await task.catch(() => {});
  assertEquals(task.cancelled, true);
  await closedAgain(before);
  assertEquals(folder.names(), ["service.sock"]);
});

Deno.test("a path and a port at once are a TypeError, for a server as for a client", async () => {
  await using folder = new Folder();
  const both = { path: folder.socket, port: 0 };
  for (
    const open of [
      () => startServer(greet("hello"), both),
      () => openConnection(both),
    ]
  ) {
    await assertRejects(
      open,
      TypeError,
      "takes a port or a path, received both",
    );
  }
  assertEquals(folder.names(), []);
});

Deno.test("what is no path is a TypeError, and nothing listens, on the network neither", async () => {
  for (const path of [undefined, null, "", 5, {}]) {
    const given = { path: path as string };
    await assertRejects(
      () => startUnixServer(greet("hello"), given),
      TypeError,
      "the path of a Unix socket is a string",
    );
    await assertRejects(
      () => openUnixConnection(given.path),
      TypeError,
      "the path of a Unix socket is a string",
    );
    if (path === undefined) continue; // over TCP
    await assertRejects(
      () => startServer(greet("hello"), given),
      TypeError,
      "the path of a Unix socket is a string",
    );
  }
});

Deno.test("no such file is NotFound and named", async () => {
  await assertRejects(
    () => openUnixConnection("/nowhere/service.sock"),
    Deno.errors.NotFound,
    "Cannot connect to /nowhere/service.sock: ",
  );
});

for (
  const [what, start] of [
    ["a server", (path: string) => startUnixServer(() => {}, { path })],
    ["an HTTP server", (path: string) => serve(() => new Response(), { path })],
  ] as const
) {
  Deno.test(`where ${what} cannot listen is said, with the runtime's code and the user's line`, async () => {
    await using folder = new Folder();
    await folder.write("file", "");
    for (
      const [path, code] of [
        [folder.file("none/service.sock"), "ENOENT"],
        [folder.file("file/service.sock"), "ENOTDIR"],
        [folder.file("file"), "EADDRINUSE"],
      ] as const
    ) {
      const error = await assertRejects(() => start(path), Error);
      assert(error.message.startsWith(`Cannot listen at ${path}: `));
      assert(!error.message.includes("mkdir"), error.message);
      assertEquals((error as { code?: string }).code, code);
      assertMatch(error.stack!, /unix_test/);
    }
    assertEquals(folder.names(), ["file"]);
  });
}

Deno.test("many clients at once are all served, though the queue of the server is shorter", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  await using _server = await startUnixServer(greet("hello"), { path });
  const greetings = await Promise.all(
    Array.from({ length: 600 }, () => greetingAt(path)),
  );
  assertEquals(greetings.every((greeting) => greeting === "hello"), true);
});

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`connecting to a server that accepts no client ends by ${giveUp}`, async () => {
    await using folder = new Folder();
    const path = folder.socket;
    using _listener = Deno.listen({ transport: "unix", path });
    const conns: Deno.Conn[] = [];
    try {
      while (true) conns.push(await Deno.connect({ transport: "unix", path }));
    } catch (error) {
      assert(error instanceof Deno.errors.WouldBlock);
    }
    const attempt = new Attempt((options) => openUnixConnection(path, options));
    await turns();
    assertEquals(attempt.outcome, "pending");
    attempt[giveUp]();
    await attempt.task;
    assert(attempt.outcome !== "value");
    for (const conn of conns) conn.close();
  });
}

Deno.test("a busy server is a live one: its socket is not replaced", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  using _listener = Deno.listen({ transport: "unix", path });
  const conns: Deno.Conn[] = [];
  try {
    while (true) conns.push(await Deno.connect({ transport: "unix", path }));
  } catch (error) {
    assert(error instanceof Deno.errors.WouldBlock);
  }
  await assertRejects(
    () => startUnixServer(greet("second"), { path }),
    Deno.errors.AddrInUse,
  );
  for (const conn of conns) conn.close();
});

Deno.test("of many programs that find the same stale files, each file gets one server that keeps it", async () => {
  await using folder = new Folder();
  const names = Array.from({ length: 20 }, (_, i) => `${folder.path}/${i}`);
  const code = `
    for (const path of ${JSON.stringify(names)}) {
      Deno.listen({ transport: "unix", path });
    }
    Deno.kill(Deno.pid, "SIGKILL");
  `;
  await new Deno.Command(Deno.execPath(), { args: ["eval", code] }).output();
  const programs = Array.from(
    { length: 3 },
    () => runChild("_stale_files.ts", { args: names }),
  );
  const started = (await Promise.all(programs)).flat();
  assertEquals(started.filter((line) => line === "lost").length, 0);
  assertEquals(started.length, names.length);
});

Deno.test("the mode of a socket is in force before it has its path", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  const modeOf = (path: string) => Deno.lstatSync(path).mode! & 0o777;
  let linked: number | undefined;
  const { linkSync } = Deno;
  Deno.linkSync = (from, to) => {
    linked = modeOf(from as string);
    linkSync(from, to);
  };
  try {
    await using _server = await startUnixServer(greet("hello"), {
      path,
      mode: 0o600,
    });
    assertEquals([linked, modeOf(path)], [0o600, 0o600]);
    assertEquals(await greetingAt(path), "hello");
  } finally {
    Deno.linkSync = linkSync;
  }
  await using _server = await startServer(greet("hello"), {
    path,
    mode: 0o666,
  });
  assertEquals(modeOf(path), 0o666);
});

Deno.test("no other user reaches a socket before it has its path", async () => {
  await using folder = new Folder();
  let mode: number | undefined;
  const { listen } = Deno;
  Deno.listen = ((options: { path: string }) => {
    const inner = options.path.slice(0, options.path.lastIndexOf("/"));
    mode = Deno.lstatSync(inner).mode! & 0o777;
    return listen(options as never);
  }) as typeof Deno.listen;
  try {
    await using _server = await startUnixServer(greet("hello"), {
      path: folder.socket,
    });
  } finally {
    Deno.listen = listen;
  }
  assertEquals(mode, 0o700);
});

Deno.test("a mode that is none is a RangeError, and one for no file a TypeError", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  for (const mode of [600, 0o1777, -1, 0o500, 0.5, NaN]) {
    await assertRejects(
      () => startUnixServer(greet("hello"), { path, mode }),
      RangeError,
    );
  }
  await assertRejects(() => startServer(() => {}, { mode: 0o600 }), TypeError);
  await assertRejects(
    () => startServer(() => {}, { path: "\0abstract", mode: 0o600 }),
    TypeError,
  );
  assertEquals(folder.names(), []);
});

Deno.test({
  name: "an abstract socket is served, and leaves no file",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const path = `\0asyncio for Deno ${Deno.pid}`;
    await using server = await startUnixServer(greet("hello"), { path });
    assertEquals(server.addresses, [{ transport: "unix", path }]);
    assertEquals(await greetingAt(path), "hello");
    const shown = path.replace("\0", "@");
    await assertRejects(
      () => startUnixServer(greet("second"), { path }),
      Deno.errors.AddrInUse,
      `Cannot listen at ${shown}: `,
    );
    await server.shutdown();
    await assertRejects(
      () => openUnixConnection(path),
      Deno.errors.ConnectionRefused,
      `Cannot connect to ${shown}: `,
    );
  },
});

Deno.test("a path that no socket can have is a TypeError that says why", async () => {
  const cases: [string, RegExp][] = [
    [`/tmp/${"x".repeat(120)}`, /at most 10[37] bytes .* received 125/],
    [`/tmp/${"\u00e9".repeat(60)}`, /received 125/],
    ["/tmp/a\0b", /NUL/],
    ["\0", /NUL/],
  ];
  for (const [path, message] of cases) {
    const opening = await assertRejects(
      () => openUnixConnection(path),
      TypeError,
    );
    const serving = await assertRejects(
      () => startUnixServer(() => {}, { path }),
      TypeError,
    );
    assertMatch(opening.message, message);
    assertMatch(serving.message, message);
  }
});
