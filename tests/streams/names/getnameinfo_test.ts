import { assertEquals, assertRejects } from "@std/assert";
import { getnameinfo } from "@asyncio/asyncio/streams";
import { TimeoutError } from "@asyncio/asyncio/tasks";
import { outputOf, testWith } from "../_programs.ts";
import { TestNameServer } from "./_name_server.ts";

Deno.test("an address has the name that the name server knows for it", async () => {
  await using server = await TestNameServer.start(() => ({
    records: [{ type: "PTR", value: "host.test" }],
  }));
  const { nameServer } = server;
  const address = { hostname: "192.0.2.1", port: 54321 };
  assertEquals(
    await getnameinfo(address, { nameServer }),
    ["host.test", "54321"],
  );
  await getnameinfo({ ...address, hostname: "2001:db8::567:89ab" }, {
    nameServer,
  });
  assertEquals(server.asked.map(({ name }) => name), [
    "1.2.0.192.in-addr.arpa",
    "b.a.9.8.7.6.5.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.0.8.b.d.0.1.0.0.2.ip6.arpa",
  ]);
});

Deno.test("an address without a name stands for itself", async () => {
  for (const reply of [{ code: 3 }, {}]) {
    await using server = await TestNameServer.start(() => reply);
    const { nameServer } = server;
    const address = { hostname: "192.0.2.1", port: 54321 };
    assertEquals(
      await getnameinfo(address, { nameServer }),
      ["192.0.2.1", "54321"],
    );
  }
});

Deno.test("a failing name server is an error, not a missing name", async () => {
  await using server = await TestNameServer.start(() => ({ code: 2 }));
  const { nameServer } = server;
  const error = await assertRejects(
    () => getnameinfo({ hostname: "192.0.2.1", port: 1 }, { nameServer }),
    Error,
    "the name server failed",
  );
  assertEquals((error as { code?: string }).code, "ESERVFAIL");
});

Deno.test("a name server that is silent is a TimeoutError", async () => {
  await using server = await TestNameServer.start(() => undefined);
  const { nameServer } = server;
  await assertRejects(
    () =>
      getnameinfo({ hostname: "192.0.2.1", port: 1 }, {
        nameServer,
        timeout: 20,
      }),
    TimeoutError,
  );
});

Deno.test("the address of a connection can be given as it is", async () => {
  const address: Deno.NetAddr = {
    transport: "tcp",
    hostname: "127.0.0.1",
    port: 54321,
  };
  const [host, service] = await getnameinfo(address);
  assertEquals([host.length > 0, service], [true, "54321"]);
});

testWith(
  ["python3"],
  "the system's names are those that Python finds",
  async () => {
    for (const port of [22, 80, 443, 54321]) {
      const theirs = await outputOf("python3", [
        "-c",
        `import socket, json; print(json.dumps(socket.getnameinfo(("127.0.0.1", ${port}), 0)))`,
      ]);
      const ours = await getnameinfo({ hostname: "127.0.0.1", port });
      assertEquals(ours, JSON.parse(theirs));
    }
  },
);

Deno.test("a name in place of an address is refused", async () => {
  const wrong = (address: unknown) => () => getnameinfo(address as never);
  await assertRejects(
    wrong({ hostname: "localhost", port: 80 }),
    TypeError,
    'received "localhost"',
  );
  await assertRejects(wrong(undefined), TypeError, "received undefined");
  await assertRejects(
    wrong({ hostname: "127.0.0.1", port: 1.5 }),
    RangeError,
  );
});
