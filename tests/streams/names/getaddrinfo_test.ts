import { assert, assertEquals, assertRejects } from "@std/assert";
import { getaddrinfo } from "@asyncio/asyncio/streams";
import {
  CancelledError,
  createTask,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { testWith } from "../_programs.ts";
import { openDescriptors } from "../_sockets.ts";
import { until } from "../../_helpers/until.ts";
import { type Answering, type Reply, TestNameServer } from "./_name_server.ts";

/** A server that knows one host. */
const ONE_HOST: Answering = ({ name, type }) => {
  if (name !== "host.test") return { code: 3 };
  const values = { A: ["192.0.2.1", "192.0.2.2"], AAAA: ["2001:db8::1"] };
  const records = values[type as "A" | "AAAA"]
    .map((value) => ({ type, value }));
  return { records };
};

/** Says the same to every question. */
function always(reply: Reply | Reply[]): Answering {
  return () => reply;
}

// --- From a name server ------------------------------------------------------

Deno.test("all addresses of a name are found, IPv4 first, with the port given", async () => {
  await using server = await TestNameServer.start(ONE_HOST);
  const { nameServer } = server;
  assertEquals(await getaddrinfo("host.test", 80, { nameServer }), [
    { family: 4, hostname: "192.0.2.1", port: 80 },
    { family: 4, hostname: "192.0.2.2", port: 80 },
    { family: 6, hostname: "2001:db8::1", port: 80 },
  ]);
});

Deno.test("with a family only that one is asked for", async () => {
  await using server = await TestNameServer.start(ONE_HOST);
  const { nameServer } = server;
  assertEquals(
    await getaddrinfo("host.test", undefined, { nameServer, family: 6 }),
    [{ family: 6, hostname: "2001:db8::1", port: 0 }],
  );
  assertEquals(server.asked.map(({ type }) => type), ["AAAA"]);
});

Deno.test("letters, the last dot and what is no ASCII make no difference", async () => {
  await using server = await TestNameServer.start(
    always({ records: [{ type: "A", value: "192.0.2.1" }] }),
  );
  const options = { nameServer: server.nameServer, family: 4 } as const;
  await getaddrinfo("HOST.test.", 0, options);
  await getaddrinfo("bücher.test", 0, options);
  assertEquals(
    server.asked.map(({ name }) => name),
    ["host.test", "xn--bcher-kva.test"],
  );
});

Deno.test("an address twice in an answer is one", async () => {
  const record = { type: "A", value: "192.0.2.1" } as const;
  await using server = await TestNameServer.start(
    always({ records: [record, record] }),
  );
  const { nameServer } = server;
  const found = await getaddrinfo("host.test", 0, { nameServer, family: 4 });
  assertEquals(found.length, 1);
});

Deno.test("aliases are followed, within an answer and beyond it", async () => {
  await using server = await TestNameServer.start(({ name }) =>
    name === "www.test"
      ? {
        records: [
          { type: "CNAME", value: "Cdn.test" },
          { name: "cdn.test", type: "CNAME", value: "edge.test" },
        ],
      }
      : { records: [{ type: "A", value: "192.0.2.9" }] }
  );
  const { nameServer } = server;
  assertEquals(
    await getaddrinfo("www.test", 1, { nameServer, family: 4 }),
    [{ family: 4, hostname: "192.0.2.9", port: 1 }],
  );
  assertEquals(server.asked.map(({ name }) => name), ["www.test", "edge.test"]);
});

Deno.test("records of other names and types are passed over", async () => {
  await using server = await TestNameServer.start(always({
    records: [
      { name: "other.test", type: "A", value: "192.0.2.66" },
      { type: "MX", value: "mail.test" },
      { type: "A", value: "192.0.2.1" },
    ],
  }));
  const { nameServer } = server;
  assertEquals(
    await getaddrinfo("host.test", 0, { nameServer, family: 4 }),
    [{ family: 4, hostname: "192.0.2.1", port: 0 }],
  );
});

Deno.test("a ring of aliases is an error", async () => {
  for (const inOneAnswer of [true, false]) {
    await using server = await TestNameServer.start(({ name }) => {
      const other = name === "a.test" ? "b.test" : "a.test";
      const records = [{ name, type: "CNAME" as const, value: other }];
      if (inOneAnswer) {
        records.push({ name: other, type: "CNAME", value: name });
      }
      return { records };
    });
    const { nameServer } = server;
    await assertFails(
      () => getaddrinfo("a.test", 0, { nameServer, family: 4 }),
      "EBADRESP",
    );
  }
});

Deno.test("an answer that does not fit into a datagram comes over TCP", async () => {
  const records = Array.from({ length: 100 }, (_, i) => ({
    type: "A" as const,
    value: `192.0.2.${i}`,
  }));
  await using server = await TestNameServer.start(
    always({ records, truncated: true }),
  );
  const { nameServer } = server;
  const found = await getaddrinfo("host.test", 0, { nameServer, family: 4 });
  assertEquals(
    found.map(({ hostname }) => hostname),
    records.map((it) => it.value),
  );
  assertEquals(server.asked.map(({ over }) => over), ["udp", "tcp"]);
});

Deno.test("answers that are not to this question are passed over", async () => {
  await using server = await TestNameServer.start(({ type }) => {
    const forged = { type, value: type === "A" ? "6.6.6.6" : "6::6" };
    return [
      { wrongId: true, records: [forged] },
      { wrongName: "other.test", records: [{ ...forged, name: "host.test" }] },
      {
        records: [{ type, value: type === "A" ? "192.0.2.1" : "2001:db8::1" }],
      },
    ];
  });
  const { nameServer } = server;
  const found = await getaddrinfo("host.test", 0, { nameServer });
  assertEquals(
    found.map(({ hostname }) => hostname),
    ["192.0.2.1", "2001:db8::1"],
  );
});

Deno.test("a query that is lost is sent again", async () => {
  let lost = 0;
  await using server = await TestNameServer.start(
    () =>
      lost++ === 0
        ? undefined
        : { records: [{ type: "A", value: "192.0.2.1" }] },
  );
  const { nameServer } = server;
  const found = await getaddrinfo("host.test", 0, { nameServer, family: 4 });
  assertEquals([found.length, lost], [1, 2]);
});

// --- Failures ----------------------------------------------------------------

/** Fails with that reason. */
async function assertFails(
  lookup: () => Promise<unknown>,
  code: string,
): Promise<Error> {
  const error = await assertRejects(lookup, Error, "Cannot look up");
  assertEquals((error as { code?: string }).code, code);
  return error;
}

Deno.test("a name that does not exist is NotFound, and nothing else is", async () => {
  const replies: [Reply, string][] = [
    [{ code: 3 }, "ENOTFOUND"],
    [{}, "ENODATA"],
    [{ code: 1 }, "EFORMERR"],
    [{ code: 2 }, "ESERVFAIL"],
    [{ code: 4 }, "ENOTIMP"],
    [{ code: 5 }, "EREFUSED"],
    [{ code: 9 }, "ESERVFAIL"],
    [{ raw: new Uint8Array([0x81, 0x80, 0, 1, 0, 1]) }, "EBADRESP"],
    [{ records: [{ type: "A", value: "1.2.3" }] }, "EBADRESP"],
  ];
  for (const [reply, code] of replies) {
    await using server = await TestNameServer.start(always(reply));
    const { nameServer } = server;
    for (const family of [4, undefined] as const) {
      const error = await assertFails(
        () => getaddrinfo("host.test", 0, { nameServer, family }),
        code,
      );
      assertEquals(error instanceof Deno.errors.NotFound, code === "ENOTFOUND");
    }
  }
});

Deno.test("addresses of one family are enough, if the other fails", async () => {
  await using server = await TestNameServer.start(({ type }) =>
    type === "A" ? { records: [{ type, value: "192.0.2.1" }] } : { code: 2 }
  );
  const { nameServer } = server;
  const found = await getaddrinfo("host.test", 0, { nameServer });
  assertEquals(found.map(({ hostname }) => hostname), ["192.0.2.1"]);
});

Deno.test("without addresses a failure of the server says more than a missing name", async () => {
  await using server = await TestNameServer.start(({ type }) => ({
    code: type === "A" ? 3 : 2,
  }));
  const { nameServer } = server;
  await assertFails(
    () => getaddrinfo("host.test", 0, { nameServer }),
    "ESERVFAIL",
  );
});

Deno.test("an answer over TCP that is cut off is an error", async () => {
  await using server = await TestNameServer.start(({ over }) =>
    over === "udp" ? { truncated: true } : []
  );
  const { nameServer } = server;
  await assertFails(
    () => getaddrinfo("host.test", 0, { nameServer, family: 4 }),
    "EBADRESP",
  );
});

Deno.test("bytes at random are an error or no answer, and nothing worse", async () => {
  let seed = 1;
  const random = () => seed = seed * 48271 % 0x7fffffff;
  for (let i = 0; i < 300; i++) {
    const raw = Uint8Array.from({ length: random() % 80 }, random);
    if (raw.length > 0) raw[0]! |= 0x80; // a response
    await using server = await TestNameServer.start(
      always([{ raw }, { code: 5 }]),
    );
    const { nameServer } = server;
    await assertRejects(
      () =>
        getaddrinfo("host.test", 0, { nameServer, family: 4, timeout: 5000 }),
      Error,
      "Cannot look up host.test",
    );
  }
});

// --- Limits and cancelling ---------------------------------------------------

Deno.test("at its time limit it rejects with TimeoutError, and leaves nothing open", async () => {
  await using server = await TestNameServer.start(() => undefined);
  const { nameServer } = server;
  const before = openDescriptors();
  await assertRejects(
    () => getaddrinfo("host.test", 0, { nameServer, timeout: 20 }),
    TimeoutError,
    "Cannot look up host.test: there was no answer within 20 ms",
  );
  await until(() => openDescriptors() <= before);
});

Deno.test("a timeout around it, not its own, is not taken for it", async () => {
  await using server = await TestNameServer.start(() => undefined);
  const { nameServer } = server;
  const error = await assertRejects(
    () => timeout(20, () => getaddrinfo("host.test", 0, { nameServer })),
    TimeoutError,
  );
  assert(!error.message.includes("Cannot look up"));
});

Deno.test("cancelled or aborted, it ends at once and leaves nothing open", async () => {
  await using server = await TestNameServer.start(({ over }) =>
    over === "udp" ? { truncated: true } : undefined
  );
  await using silent = await TestNameServer.start(() => undefined);
  const before = openDescriptors();
  for (const [over, it] of [["tcp", server], ["udp", silent]] as const) {
    const { nameServer, asked } = it;
    for (const giveUp of ["cancel", "abort"] as const) {
      asked.length = 0;
      const attempt = new Attempt(({ signal }) =>
        getaddrinfo("host.test", 0, { nameServer, signal })
      );
      await until(() => asked.some((it) => it.over === over));
      attempt[giveUp]();
      await attempt.task;
      assertEquals(
        attempt.outcome,
        giveUp === "cancel" ? "cancelled" : "Aborted",
      );
    }
  }
  await until(() => openDescriptors() <= before);
});

Deno.test("a cancel not yet delivered, or a signal aborted, rejects at once", async () => {
  const signal = AbortSignal.abort(new Error("before"));
  await assertRejects(
    () => getaddrinfo("127.0.0.1", 0, { signal }),
    Error,
    "before",
  );
  const task = createTask(async () => {
    task.cancel();
    await getaddrinfo("127.0.0.1");
  });
  await assertRejects(async () => await task, CancelledError);
});

// --- From the system ---------------------------------------------------------

Deno.test("the system knows localhost", async () => {
  const found = await getaddrinfo("localhost", 8080);
  assert(
    found.some((it) => it.hostname === "127.0.0.1" || it.hostname === "::1"),
  );
  assert(found.every(({ port }) => port === 8080));
  assertEquals(
    await getaddrinfo("localhost", 1, { family: 4, timeout: 10_000 }),
    [{ family: 4, hostname: "127.0.0.1", port: 1 }],
  );
});

Deno.test("a name that the system does not know is NotFound", async () => {
  await assertRejects(
    () => getaddrinfo("no-such-host.invalid"),
    Deno.errors.NotFound,
    "Cannot look up no-such-host.invalid: there is no such name",
  );
});

Deno.test("an address is its own result, and nothing is asked", async () => {
  await using server = await TestNameServer.start(() => undefined);
  const { nameServer } = server;
  assertEquals(await getaddrinfo("192.0.2.1", 80, { nameServer }), [
    { family: 4, hostname: "192.0.2.1", port: 80 },
  ]);
  assertEquals(await getaddrinfo("2001:db8::1", 80, { nameServer }), [
    { family: 6, hostname: "2001:db8::1", port: 80 },
  ]);
  await assertFails(
    () => getaddrinfo("192.0.2.1", 80, { family: 6 }),
    "ENODATA",
  );
  assertEquals(server.asked, []);
});

Deno.test("wrong arguments are refused", async () => {
  const wrong = (...args: unknown[]) => () =>
    getaddrinfo(...args as Parameters<typeof getaddrinfo>);
  await assertRejects(wrong(5), TypeError, "host is a name or an address");
  await assertRejects(wrong(""), TypeError);
  await assertRejects(wrong("a.test", 65536), RangeError, "a port is");
  await assertRejects(wrong("a.test", 0, { family: 5 }), RangeError, "family");
  await assertRejects(wrong("a.test", 0, { timeout: NaN }), RangeError);
  await assertRejects(wrong("a.test", 0, { nameServer: "x" }), TypeError);
  const nameServer = { hostname: "127.0.0.1", port: 9 };
  for (const name of ["a..test", `${"x".repeat(64)}.test`, "é é"]) {
    await assertRejects(wrong(name, 0, { nameServer }), RangeError);
  }
});

testWith(
  ["dnsmasq"],
  "dnsmasq answers: addresses, aliases, no such name",
  async () => {
    const { ServerProgram } = await import("../_programs.ts");
    const { freePort } = await import("../../_helpers/free_port.ts");
    const port = freePort();
    await using _program = new ServerProgram("dnsmasq", [
      "--keep-in-foreground",
      "--no-resolv",
      "--no-hosts",
      "--conf-file=/dev/null",
      "--pid-file=",
      "--user=root",
      "--listen-address=127.0.0.1",
      "--bind-interfaces",
      `--port=${port}`,
      "--host-record=host.test,192.0.2.1,2001:db8::1",
      "--cname=www.test,host.test",
      "--local=/test/",
    ]);
    const nameServer = { hostname: "127.0.0.1", port };
    assertEquals(await getaddrinfo("www.test", 80, { nameServer }), [
      { family: 4, hostname: "192.0.2.1", port: 80 },
      { family: 6, hostname: "2001:db8::1", port: 80 },
    ]);
    await assertFails(
      () => getaddrinfo("missing.test", 80, { nameServer }),
      "ENOTFOUND",
    );
    await assertFails(
      () => getaddrinfo("elsewhere.example", 80, { nameServer }),
      "EREFUSED",
    );
  },
);
