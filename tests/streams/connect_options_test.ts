import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type ConnectOptions,
  openConnection,
  openUnixConnection,
  startServer,
  startUnixServer,
} from "@asyncio/asyncio/streams";
import { Attempt } from "../_helpers/attempt.ts";
import { turns } from "../_helpers/turns.ts";
import { closedAgain, openDescriptors, portOf, text } from "./_sockets.ts";
import { serving, test, trusting } from "./_tls.ts";
import { echo, LOOPBACK } from "../_helpers/loopback.ts";
import { Folder } from "../_helpers/folder.ts";
import { outputOf } from "./_programs.ts";

/** A server that tells each client where it comes from, and then echoes. */
function startMirror() {
  return startServer(async (reader, writer) => {
    const { hostname } = writer.getExtraInfo("peername") as Deno.NetAddr;
    writer.write(`${hostname}\n`);
    await echo(reader, writer);
  }, LOOPBACK);
}

/** Sends a line and its end, and gives all that comes. */
async function exchange(options: ConnectOptions): Promise<string> {
  await using client = await openConnection(options);
  client.writer.write("hello\n");
  client.writer.writeEof();
  return text(await client.reader.read());
}

Deno.test("a client connects from the local address that it has chosen", async () => {
  await using server = await startMirror();
  const port = portOf(server);
  assertEquals(
    await exchange({ port, localAddress: "127.0.0.2" }),
    "127.0.0.2\nhello\n",
  );
  await using client = await openConnection({
    port,
    localAddress: "127.0.0.3",
  });
  const { hostname } = client.writer.getExtraInfo("sockname") as Deno.NetAddr;
  assertEquals(hostname, "127.0.0.3");
  assertEquals(client.writer.getExtraInfo("peername"), {
    transport: "tcp",
    hostname: "127.0.0.1",
    port,
  });
});

Deno.test("a client connects to the addresses of one family alone", async () => {
  await using server = await startMirror(); // on IPv4
  const options = { hostname: "localhost", port: portOf(server) };
  assertEquals(await exchange({ ...options, family: 4 }), "127.0.0.1\nhello\n");
  await assertRejects(() => exchange({ ...options, family: 6 }));
});

Deno.test("much goes both ways over a connection from a chosen address", async () => {
  await using server = await startMirror();
  await using client = await openConnection({
    port: portOf(server),
    localAddress: "127.0.0.2",
    limit: 10_000_000,
  });
  const { reader, writer } = client;
  await reader.readLine();
  const line = `${"x".repeat(60_000)}\n`;
  for (let i = 0; i < 50; i++) {
    writer.write(line);
    await writer.drain();
    assertEquals(text(await reader.readLine()), line);
  }
});

test("TLS goes over a connection from a chosen address, also when it starts later", async () => {
  await using server = await startServer(echo, serving());
  const port = portOf(server);
  {
    await using client = await openConnection({
      ...trusting(port),
      localAddress: "127.0.0.2",
    });
    client.writer.write("hello\n");
    assertEquals(text(await client.reader.readLine()), "hello\n");
  }
  const { tls } = trusting(port);
  await using client = await openConnection({
    hostname: "localhost",
    port,
    family: 4,
  });
  await client.writer.startTls(tls as object);
  client.writer.write("hello\n");
  assertEquals(text(await client.reader.readLine()), "hello\n");
});

Deno.test("what cannot be connected from a chosen address rejects as elsewhere, and leaves nothing open", async () => {
  const { port } = (() => {
    using listener = Deno.listen({ ...LOOPBACK, port: 0 });
    return listener.addr as Deno.NetAddr;
  })();
  await exchange({ port, localAddress: "127.0.0.2" }).catch(() => {});
  const before = openDescriptors();
  await assertRejects(
    () => openConnection({ port, localAddress: "127.0.0.2" }),
    Deno.errors.ConnectionRefused,
  );
  await assertRejects(
    () => openConnection({ port, localAddress: "192.0.2.1" }),
    Deno.errors.AddrNotAvailable,
    "192.0.2.1",
  );
  await closedAgain(before);
});

Deno.test("a local address or a name that the program may not use is a NotCapable", async () => {
  const streams = import.meta.resolve("@asyncio/asyncio/streams");
  const printed = await outputOf(
    Deno.execPath(),
    ["run", "--quiet", "--no-prompt", "--allow-net=127.0.0.1", "-"],
    `
    import { openConnection } from "${streams}";
    const told = ({ name, message }) => console.log(name, message);
    await openConnection({ port: 9, localAddress: "127.0.0.2" }).catch(told);
    await openConnection({ hostname: "localhost", port: 9, family: 4 }).catch(told);
  `,
  );
  assertEquals(printed.split("\n"), [
    "NotCapable Cannot connect to 127.0.0.1:9: the local address takes the permission --allow-net=127.0.0.2:0",
    "NotCapable Cannot connect to localhost:9: it takes the permission --allow-net to look up the name",
    "",
  ]);
});

Deno.test("the conn of a chosen address is read to its end with memory of one's own", async () => {
  await using server = await startMirror();
  await using client = await openConnection({
    port: portOf(server),
    localAddress: "127.0.0.2",
  });
  const conn = client.writer.getExtraInfo("conn") as Deno.Conn;
  const byob = conn.readable.getReader({ mode: "byob" });
  client.writer.writeEof();
  let came = "";
  for (;;) {
    const { done, value } = await byob.read(new Uint8Array(100));
    if (done) break;
    came += text(value);
  }
  assertEquals(came, "127.0.0.2\n");
});

for (const giveUp of ["cancel", "abort"] as const) {
  for (const microtasks of [0, 10, 50]) {
    Deno.test(`connecting from a chosen address, given up by ${giveUp} after ${microtasks} microtasks, leaves nothing open`, async () => {
      await using server = await startMirror();
      const options = { port: portOf(server), localAddress: "127.0.0.2" };
      await exchange(options);
      await turns();
      const before = openDescriptors();
      const attempt = new Attempt((more) =>
        openConnection({ ...options, ...more })
      );
      for (let i = 0; i < microtasks; i++) {
        await null;
      }
      attempt[giveUp]();
      await attempt.task;
      assert(attempt.outcome !== "value");
      await closedAgain(before);
    });
  }
}

Deno.test("addresses that are none, or do not go together, are refused before anything is opened", async () => {
  const wrong: [object, typeof TypeError | typeof RangeError][] = [
    [{ localAddress: "localhost" }, TypeError],
    [{ localAddress: 1 }, TypeError],
    [{ family: 5 }, RangeError],
    [{ family: "4" }, TypeError],
    [{ hostname: "127.0.0.1", family: 6 }, TypeError],
    [{ localAddress: "::1", family: 4 }, TypeError],
    [{ happyEyeballsDelay: 0 }, RangeError],
    [{ happyEyeballsDelay: NaN }, RangeError],
    [{ happyEyeballsDelay: "1" }, TypeError],
    [{ port: undefined, path: "/x", localAddress: "::1" }, TypeError],
  ];
  for (const [options, type] of wrong) {
    await assertRejects(() => openConnection({ port: 1, ...options }), type);
  }
});

Deno.test("the delay of happy eyeballs is taken", async () => {
  await using server = await startMirror();
  const options = { hostname: "localhost", port: portOf(server) };
  assertEquals(
    await exchange({ ...options, happyEyeballsDelay: 10 }),
    "127.0.0.1\nhello\n",
  );
});

Deno.test("a connection that is disposed of is closed when everything is sent", async () => {
  const received = Promise.withResolvers<number>();
  await using server = await startServer(async (reader, writer) => {
    received.resolve((await reader.read()).length);
    writer.close();
  }, LOOPBACK);
  {
    await using client = await openConnection({ port: portOf(server) });
    client.writer.write(new Uint8Array(5_000_000));
  }
  assertEquals(await received.promise, 5_000_000);
});

Deno.test("a connection over a Unix socket can be disposed of as well", async () => {
  await using folder = new Folder();
  const path = folder.socket;
  await using _server = await startUnixServer(echo, { path });
  await using client = await openUnixConnection(path);
  client.writer.write("hello\n");
  assertEquals(text(await client.reader.readLine()), "hello\n");
});
