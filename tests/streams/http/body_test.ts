import { assert, assertEquals, assertRejects } from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import { Event } from "@asyncio/asyncio/sync";
import {
  ContextVar,
  currentTask,
  isCancelled,
  sleep,
  type Task,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { openDescriptors } from "../_sockets.ts";
import { get, RawClient, serving, urlOf } from "./_http.ts";

type Chunks = AsyncIterable<Uint8Array<ArrayBuffer>>;

const encode = (text: string) => new TextEncoder().encode(text);

/** A response whose body is made by `chunks`. */
function streaming(chunks: Chunks): Response {
  return new Response(ReadableStream.from(chunks));
}

Deno.test("a body that code makes is sent as it comes", async () => {
  const next = new Queue<string>();
  async function* chunks() {
    for await (const text of next) yield encode(text);
  }
  await using server = await serving(() => streaming(chunks()));
  const response = await fetch(urlOf(server));
  const reader = response.body!.getReader();
  for (const text of ["one", "two"]) {
    await next.put(text);
    assertEquals((await reader.read()).value, encode(text));
  }
  next.shutdown();
  assertEquals((await reader.read()).done, true);
});

Deno.test("a body keeps status, headers and text of its response", async () => {
  async function* chunks() {
    await sleep(0);
    yield encode("hello");
  }
  await using server = await serving(() =>
    new Response(ReadableStream.from(chunks()), {
      status: 203,
      statusText: "Somehow",
      headers: [["x-one", "1"], ["set-cookie", "a=1"], ["set-cookie", "b=2"]],
    })
  );
  const response = await fetch(urlOf(server));
  assertEquals([response.status, await response.text()], [203, "hello"]);
  assertEquals(response.headers.get("x-one"), "1");
  assertEquals(response.headers.getSetCookie(), ["a=1", "b=2"]);
});

Deno.test("a body runs in the task of its handler, also through a transform", async () => {
  const user = new ContextVar("user", { default: "guest" });
  const seen: unknown[] = [];
  async function* chunks() {
    for (let i = 0; i < 3; i++) {
      await sleep(0);
      seen.push([currentTask()?.name, user.get()]);
      yield "x";
    }
  }
  await using server = await serving(() => {
    currentTask()!.name = "request";
    user.set("ada");
    const body = ReadableStream.from(chunks());
    return new Response(body.pipeThrough(new TextEncoderStream()));
  });
  assertEquals(await get(server), [200, "xxx"]);
  assertEquals(seen, Array(3).fill(["request", "ada"]));
});

for (const transformed of [false, true]) {
  const through = transformed ? " through a transform" : "";
  Deno.test(`a generator that waits for the next event${through} ends when its client goes`, async () => {
    const events = new Queue<string>();
    const ended = Promise.withResolvers<unknown>();
    async function* chunks() {
      try {
        for (;;) yield await events.get();
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
    }
    async function* encoded() {
      for await (const text of chunks()) yield encode(text);
    }
    const reports = await reportsOf(async () => {
      const server = await serving(() =>
        transformed
          ? new Response(
            ReadableStream.from(chunks()).pipeThrough(new TextEncoderStream()),
          )
          : streaming(encoded())
      );
      await events.put("first");
      using client = await RawClient.get(server);
      let got = "";
      while (!got.includes("first")) got += await client.read();
      await until(() => Deno.inspect(events).includes("getters: 1"));
      client.leave();
      assert(isCancelled(await ended.promise));
      await until(() => Deno.inspect(events).includes("getters: 0"));
      events.putNowait("kept");
      await turns(5);
    });
    assertEquals(events.size, 1); // it was not taken
    assertEquals(reports, []);
  });
}

Deno.test("a stream of one's own is cancelled when its client goes", async () => {
  const cancelled = Promise.withResolvers<void>();
  await using server = await serving(() =>
    new Response(
      new ReadableStream({
        pull: (controller) => controller.enqueue(new Uint8Array(1000)),
        cancel: () => cancelled.resolve(),
      }),
    )
  );
  using client = await RawClient.get(server);
  await client.read();
  client.leave();
  await cancelled.promise;
});

Deno.test("a body is made no faster than its client takes it", async () => {
  let made = 0;
  async function* chunks() {
    for (;;) {
      made++;
      yield new Uint8Array(65536);
      await sleep(0);
    }
  }
  await using server = await serving(() => streaming(chunks()));
  using client = await RawClient.get(server);
  await client.read();
  const enough = 1024; // much more than the buffers of the system take
  let before = made;
  for (let unchanged = 0; unchanged < 5 && made < enough; before = made) {
    await sleep(20);
    unchanged = made === before ? unchanged + 1 : 0;
  }
  assert(made < enough, `${made} chunks`);
});

// Errors after the headers

Deno.test("a body that fails breaks the connection off, and is reported once", async () => {
  async function* chunks() {
    yield encode("so far");
    await sleep(0);
    throw new Error("secret");
  }
  let answer = "";
  const reports = await reportsOf(async () => {
    const server = await serving(() => streaming(chunks()));
    using client = await RawClient.get(server);
    answer = await client.readAll();
    await turns(5);
  });
  assert(answer.includes("so far"));
  assert(!answer.includes("secret"));
  assert(!answer.endsWith("0\r\n\r\n"), "it must not look complete");
  assertEquals(
    reports.map((
      { message, error, task },
    ) => [message, `${error}`, task?.name]),
    [[
      "Unhandled exception in request handler: GET /",
      "Error: secret",
      "GET /",
    ]],
  );
});

Deno.test("after a body that fails the server goes on", async () => {
  await reportsOf(async () => {
    const server = await serving((request) => {
      if (!request.url.endsWith("/bad")) return new Response("fine");
      return new Response(
        new ReadableStream({
          pull() {
            throw new Error("at once");
          },
        }),
      );
    });
    await assertRejects(() => get(server, "/bad"));
    assertEquals(await get(server), [200, "fine"]);
  });
});

Deno.test("a chunk that is not of bytes is an error of the body", async () => {
  const reports = await reportsOf(async () => {
    const server = await serving(() =>
      new Response(ReadableStream.from(["text"]) as ReadableStream)
    );
    await assertRejects(() => get(server));
  });
  assertEquals(reports.length, 1);
});

// Bodies that are not taken

Deno.test("a body that is not taken is given up: of a HEAD", async () => {
  const tasks: Task<unknown>[] = [];
  let closed = false;
  async function* chunks() {
    try {
      for (;;) {
        yield encode("x");
        await sleep(0);
      }
    } finally {
      closed = true;
    }
  }
  await using server = await serving(() => {
    tasks.push(currentTask()!);
    return streaming(chunks());
  });
  const headers = { connection: "close" };
  const response = await fetch(urlOf(server), { method: "HEAD", headers });
  assertEquals(response.status, 200);
  await until(() => tasks[0]!.done);
  assert(closed);
});

Deno.test("a body that comes after its client has gone is given up", async () => {
  const begun = new Event();
  const cancelled = Promise.withResolvers<void>();
  const tasks: Task<unknown>[] = [];
  await using server = await serving(async () => {
    tasks.push(currentTask()!);
    begun.set();
    await sleep(60_000).catch(() => {});
    return new Response(
      new ReadableStream({ cancel: () => cancelled.resolve() }),
    );
  });
  using client = await RawClient.get(server);
  await begun.wait();
  client.leave();
  await cancelled.promise;
  await until(() => tasks[0]!.done);
});

// Bodies that the runtime sends

Deno.test("a file is sent by the runtime, and closed when its client goes", async () => {
  const path = await Deno.makeTempFile();
  await Deno.writeFile(path, new Uint8Array(10_000_000));
  const before = openDescriptors();
  {
    await using server = await serving(async () =>
      new Response((await Deno.open(path)).readable)
    );
    const response = await fetch(urlOf(server));
    assertEquals((await response.bytes()).length, 10_000_000);
    using client = await RawClient.get(server);
    await client.read();
    client.leave();
  }
  await until(() => openDescriptors() <= before);
  await Deno.remove(path);
});

Deno.test("what fetch got is passed on, decoded or not", async () => {
  const plain = "hello ".repeat(1000);
  await using upstream = await serving(() =>
    new Response(
      new Blob([plain]).stream().pipeThrough(new CompressionStream("gzip")),
      { headers: { "content-encoding": "gzip" } },
    )
  );
  await using server = await serving((request) =>
    request.url.endsWith("/clone")
      ? fetch(urlOf(upstream)).then((response) => response.clone())
      : fetch(urlOf(upstream))
  );
  assertEquals(await get(server), [200, plain]);
  // A clone shares its stream with what it was cloned from.
  const response = await fetch(urlOf(server, "/clone"));
  assertEquals(await response.text(), plain);
});
