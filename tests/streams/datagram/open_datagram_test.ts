import { assert, assertEquals, assertRejects } from "@std/assert";
import { openDatagram } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  moveOnAfter,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { outputOf } from "../_programs.ts";
import { closedAgain, openDescriptors, text } from "../_sockets.ts";

/** An import of values, that is done when the module is loaded. */
const EARLY = /^import (?!type)[^;]*? from "node:(dgram|dns|fs|net|tls)/m;

const HOST = { hostname: "127.0.0.1" };

Deno.test("without options it is bound to every IPv4 address, at a free port", async () => {
  using endpoint = await openDatagram();
  const { hostname, port, transport } = endpoint.address;
  assertEquals([hostname, transport], ["0.0.0.0", "udp"]);
  assert(port > 0);
});

Deno.test("it is bound to the port asked for, and a second one is refused", async () => {
  using first = await openDatagram(HOST);
  const { port } = first.address;
  const before = openDescriptors();
  const error = await assertRejects(
    () => openDatagram({ ...HOST, port }),
    Deno.errors.AddrInUse,
    `Cannot bind 127.0.0.1:${port}`,
  );
  assertEquals((error as { code?: string }).code, "EADDRINUSE");
  await closedAgain(before);
});

Deno.test("an address of another machine is refused", async () => {
  await assertRejects(
    () => openDatagram({ hostname: "192.0.2.1" }),
    Deno.errors.AddrNotAvailable,
  );
});

Deno.test("names are looked up: to bind, and as the peer", async () => {
  using server = await openDatagram({ hostname: "localhost" });
  const { port } = server.address;
  using client = await openDatagram({
    remote: { hostname: "localhost", port },
  });
  await client.send("x");
  await server.send("y", (await server.receive()).from);
  assertEquals(text((await client.receive()).data), "y");
  await assertRejects(
    () => openDatagram({ hostname: "no-such-host.invalid" }),
    Deno.errors.NotFound,
    "Cannot look up no-such-host.invalid: there is no such name",
  );
});

Deno.test("IPv6 works, however the peer's address is spelled", async () => {
  using server = await openDatagram({ hostname: "::1" });
  const remote = { hostname: "0:0:0:0:0:0:0:1", port: server.address.port };
  using client = await openDatagram({ remote });
  assertEquals(client.address.hostname, "::");
  await client.send("six");
  await server.send("answer", (await server.receive()).from);
  assertEquals(text((await client.receive()).data), "answer");
});

Deno.test("addresses of two families are refused", async () => {
  await assertRejects(
    () => openDatagram({ ...HOST, remote: { hostname: "::1", port: 9 } }),
    TypeError,
    "Cannot use ::1 on a socket for IPv4",
  );
});

Deno.test("wrong options are refused", async () => {
  const open = (options: unknown) => () => openDatagram(options as never);
  await assertRejects(open({ port: -1 }), RangeError);
  await assertRejects(open({ port: "http" }), RangeError);
  await assertRejects(open({ hostname: "" }), TypeError, "hostname");
  await assertRejects(open({ remote: "there" }), TypeError, "remote");
  await assertRejects(open({ remote: { ...HOST, port: 0 } }), RangeError);
  await assertRejects(open({ multicast: 5 }), TypeError, "multicast");
  await assertRejects(open({ multicast: { group: [] } }), TypeError, "group");
  await assertRejects(
    open({ multicast: { group: "239.1.2.3", ttl: 256 } }),
    RangeError,
    "ttl",
  );
});

Deno.test("with reusePort several are bound to one port, and the last one receives", async () => {
  using first = await openDatagram({ ...HOST, reusePort: true });
  const { port } = first.address;
  using second = await openDatagram({ ...HOST, reusePort: true, port });
  using client = await openDatagram({ ...HOST, remote: second.address });
  await client.send("for the last");
  assertEquals(text((await second.receive()).data), "for the last");
});

Deno.test("each member of a multicast group on this machine receives", async () => {
  const multicast = { group: "239.76.1.1", interface: HOST.hostname };
  using first = await openDatagram({ reusePort: true, multicast });
  const { port } = first.address;
  using second = await openDatagram({ reusePort: true, port, multicast });
  using outside = await openDatagram({ reusePort: true, port });
  using sender = await openDatagram({ ...HOST, multicast });
  await sender.send("to all", { hostname: multicast.group, port });
  for (const member of [first, second]) {
    const { data, from } = await member.receive();
    assertEquals(text(data), "to all");
    assertEquals(from, sender.address);
  }
  outside.close();
});

Deno.test("a group in short is joined on the interface that the system chooses", async () => {
  using member = await openDatagram({ multicast: "239.76.1.2" });
  assertEquals(member.address.hostname, "0.0.0.0");
});

Deno.test("what is no multicast group is refused, and nothing stays open", async () => {
  const before = openDescriptors();
  await assertRejects(
    () => openDatagram({ multicast: "10.0.0.1" }),
    Error,
    "Cannot bind",
  );
  await closedAgain(before);
});

Deno.test("openDatagram that is cancelled opens nothing", async () => {
  const before = openDescriptors();
  const task = createTask(async () => {
    task.cancel();
    await openDatagram(HOST);
  });
  await assertRejects(async () => await task, CancelledError);
  const signal = AbortSignal.abort(new Error("no more"));
  await assertRejects(
    () => openDatagram({ ...HOST, signal }),
    Error,
    "no more",
  );
  await closedAgain(before);
});

Deno.test({
  name: "openDatagram that is cancelled while it looks a name up opens nothing",
  sanitizeOps: false, // the system goes on looking it up
  fn: async () => {
    const before = openDescriptors();
    const options = { hostname: "localhost" };
    const task = createTask(() => openDatagram(options), { eager: true });
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    (await openDatagram(options)).close();
    await closedAgain(before);
  },
});

Deno.test("a virtual clock stands still while a datagram is waited for", async () => {
  await run(async () => {
    using server = await openDatagram(HOST);
    using client = await openDatagram({ ...HOST, remote: server.address });
    const late = createTask(() => moveOnAfter(60_000, () => server.receive()));
    await sleep(0);
    await client.send("in time");
    assertEquals(text((await late)!.data), "in time");
  }, { clock: new VirtualClock() });
});

Deno.test("the modules of node that take long to load are loaded on first use", () => {
  const early: string[] = [];
  const look = (folder: URL): void => {
    for (const { name, isDirectory } of Deno.readDirSync(folder)) {
      const url = new URL(isDirectory ? `${name}/` : name, folder);
      if (isDirectory) look(url);
      else if (EARLY.test(Deno.readTextFileSync(url))) early.push(name);
    }
  };
  for (const area of ["streams", "process"]) {
    look(new URL(`../../../${area}/`, import.meta.url));
  }
  assertEquals(early, []);
});

Deno.test("what the program may not do is a NotCapable: to bind, and to send", async () => {
  const streams = import.meta.resolve("@asyncio/asyncio/streams");
  const printed = await outputOf(
    Deno.execPath(),
    [
      "run",
      "--quiet",
      "--no-prompt",
      "--allow-net=127.0.0.1",
      "-",
    ],
    `
    import { openDatagram } from "${streams}";
    using endpoint = await openDatagram({ hostname: "127.0.0.1" });
    const to = { hostname: "127.0.0.2", port: 9 };
    await endpoint.send("x", to).catch(({ name, message }) => console.log(name, message));
    await openDatagram({ hostname: "127.0.0.2" }).catch(({ name }) => console.log(name));
  `,
  );
  assertEquals(
    printed,
    "NotCapable Cannot send to 127.0.0.2:9: it takes the permission --allow-net=127.0.0.2:9\nNotCapable\n",
  );
});
