import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import type { HttpServer } from "@asyncio/asyncio/streams";
import { Event } from "@asyncio/asyncio/sync";
import {
  CancelledError,
  createTask,
  isCancelled,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { get, portOf, RawClient, serving, tried } from "./_http.ts";

const UNAVAILABLE: [number, string] = [503, "Service Unavailable"];

/** A server with one request whose handler waits for `go`. */
async function busy(
  go: Event,
  handled: () => void = () => {},
): Promise<{ server: HttpServer; answer: Promise<unknown> }> {
  const begun = new Event();
  const server = await serving(async () => {
    begun.set();
    await go.wait();
    handled();
    return new Response("fine");
  });
  const answer = tried(server);
  await begun.wait();
  return { server, answer };
}

async function connects(port: number): Promise<boolean> {
  try {
    (await Deno.connect({ hostname: "127.0.0.1", port })).close();
    return true;
  } catch (error) {
    assert(error instanceof Deno.errors.ConnectionRefused);
    return false;
  }
}

Deno.test("shutdown lets handlers answer, and takes no more clients", async () => {
  const go = new Event();
  const { server, answer } = await busy(go);
  const port = portOf(server);
  let over = false;
  const end = server.shutdown().then(() => over = true);
  assertFalse(server.isServing);
  assertEquals(server.addresses, []);
  await turns(5);
  assertFalse(await connects(port));
  assertFalse(over);
  go.set();
  assertEquals(await answer, [200, "fine"]);
  await end;
});

Deno.test("shutdown lets bodies be sent", async () => {
  const go = new Event();
  async function* chunks() {
    yield new TextEncoder().encode("begun, ");
    await go.wait();
    yield new TextEncoder().encode("ended");
  }
  const server = await serving(() =>
    new Response(ReadableStream.from(chunks()))
  );
  using client = await RawClient.get(server);
  while (!(await client.read()).includes("begun"));
  const end = server.shutdown({ timeout: 60_000 });
  await turns(5);
  go.set();
  assert((await client.readAll()).includes("ended"));
  await end;
});

Deno.test("at its timeout, shutdown cancels the handlers, whose clients get a 503", async () => {
  const go = new Event();
  const { server, answer } = await busy(go);
  await server.shutdown({ timeout: 10 });
  assertEquals(await answer, UNAVAILABLE);
});

Deno.test("a handler that is cancelled by shutdown may still answer", async () => {
  const begun = new Event();
  const server = await serving(async () => {
    begun.set();
    await sleep(60_000).catch(() => {});
    return new Response("bye");
  });
  const answer = get(server);
  await begun.wait();
  await server.shutdown({ timeout: 0 });
  assertEquals(await answer, [200, "bye"]);
});

Deno.test("a handler whose clean-up takes long does not hold up its client", async () => {
  const begun = new Event();
  const go = new Event();
  const server = await serving(async () => {
    begun.set();
    try {
      await sleep(60_000);
    } finally {
      await go.wait();
    }
    return new Response();
  });
  const answer = get(server);
  await begun.wait();
  const end = server.shutdown({ timeout: 0 });
  assertEquals(await answer, UNAVAILABLE);
  go.set();
  await end;
});

for (const transformed of [false, true]) {
  const through = transformed ? " through a transform" : "";
  Deno.test(`at its timeout, shutdown cuts off endless bodies${through}`, async () => {
    const waiting = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<unknown>();
    async function* chunks() {
      yield "tick ";
      try {
        const wait = sleep(60_000);
        waiting.resolve();
        await wait;
      } catch (error) {
        ended.resolve(error);
        throw error;
      }
    }
    async function* encoded() {
      for await (const chunk of chunks()) yield new TextEncoder().encode(chunk);
    }
    let text = "";
    const reports = await reportsOf(async () => {
      const server = await serving(() =>
        new Response(
          transformed
            ? ReadableStream.from(chunks()).pipeThrough(new TextEncoderStream())
            : ReadableStream.from(encoded()),
        )
      );
      using client = await RawClient.get(server);
      await waiting.promise;
      await server.shutdown({ timeout: 10 });
      text = await client.readAll();
    });
    assert(isCancelled(await ended.promise));
    assert(text.includes("tick"));
    assertFalse(text.endsWith("0\r\n\r\n"), "it must not look complete");
    assertEquals(reports, []);
  });
}

Deno.test("requests that wait for their turn when the server is shut down never start", async () => {
  let handled = 0;
  const server = await serving(async () => {
    handled++;
    await sleep(60_000);
    return new Response();
  }, { maxConcurrency: 1 });
  const answers = [get(server), get(server), get(server)];
  await until(() => Deno.inspect(server).includes("requests: 3"));
  await server.shutdown({ timeout: 0 });
  assertEquals(await Promise.all(answers), Array(3).fill(UNAVAILABLE));
  assertEquals(handled, 1);
});

Deno.test("idle connections, and those with half a request, end at a shutdown", async () => {
  const server = await serving(() => new Response("fine"));
  using kept = await RawClient.get(server);
  await kept.read();
  using silent = await RawClient.send(server, "");
  using half = await RawClient.send(server, "GET / HTTP/1.1\r\nHo");
  await turns(5);
  await server.shutdown();
  for (const client of [kept, silent, half]) {
    assertEquals(await client.readAll(), "");
  }
});

Deno.test("shutdown does not wait for ever for a client that never ends its upload", async () => {
  const server = await serving(() => new Response("fine"));
  using client = await RawClient.send(
    server,
    `POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 10000000\r\n\r\n${
      "x".repeat(1000)
    }`,
  );
  await client.read();
  await server.shutdown({ timeout: 10 });
  client.leave();
});

Deno.test("an upload that is still coming in when the server is closed gets a 503", async () => {
  const begun = new Event();
  const reports = await reportsOf(async () => {
    const server = await serving(async (request) => {
      for await (const _ of request.body!) begun.set();
      return new Response();
    });
    using client = await RawClient.send(
      server,
      "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nhello",
    );
    await begun.wait();
    const end = server.shutdown();
    assertStringIncludes(await client.read(), "HTTP/1.1 503");
    client.leave();
    await end;
  });
  assertEquals(reports, []);
});

Deno.test("a shutdown that is given up leaves the requests, and the server closed", async () => {
  const go = new Event();
  const { server, answer } = await busy(go);
  const task = createTask(() => server.shutdown());
  await turns(3);
  task.cancel();
  await assertRejects(() => Promise.resolve(task), CancelledError);
  assertFalse(server.isServing);
  go.set();
  assertEquals(await answer, [200, "fine"]);
  await server.waitClosed();
});

Deno.test("close and waitClosed: requests end on their own", async () => {
  const go = new Event();
  const { server, answer } = await busy(go);
  server.close();
  server.close();
  const signal = AbortSignal.timeout(5);
  await assertRejects(() => server.waitClosed({ signal }), DOMException);
  go.set();
  await server.waitClosed();
  assertEquals(await answer, [200, "fine"]);
});

Deno.test("shutdown takes a timeout that is a number", async () => {
  await using server = await serving(() => new Response());
  await assertRejects(() => server.shutdown({ timeout: NaN }), RangeError);
  assert(server.isServing);
});

// serveForever

Deno.test("serveForever, cancelled, shuts the server down and cancels the requests", async () => {
  const go = new Event();
  const { server, answer } = await busy(go);
  const task = createTask(() => server.serveForever());
  await turns(3);
  await assertRejects(() => server.serveForever(), Error, "waiting already");
  task.cancel();
  await assertRejects(() => Promise.resolve(task), CancelledError);
  assertEquals(await answer, UNAVAILABLE);
  assertFalse(server.isServing);
  await assertRejects(() => server.serveForever(), Error, "closed");
});

Deno.test("serveForever ends when the server is closed, after its requests", async () => {
  const go = new Event();
  const { server, answer } = await busy(go);
  const task = createTask(() => server.serveForever());
  await turns(3);
  server.close();
  await turns(3);
  assertFalse(task.done);
  go.set();
  await assertRejects(() => Promise.resolve(task), CancelledError);
  assertEquals(await answer, [200, "fine"]);
});

// The end of a run

Deno.test("a server ends with its run: handlers and bodies are cancelled", async () => {
  const go = new Event();
  const left: Promise<unknown>[] = [];
  let port = 0;
  await run(async () => {
    const { server, answer } = await busy(go);
    port = portOf(server);
    left.push(answer);
  });
  assertEquals(await Promise.all(left), [UNAVAILABLE]);
  assertFalse(await connects(port));
});

Deno.test("await using ends it", async () => {
  let port: number;
  {
    await using server = await serving(() => new Response());
    port = portOf(server);
    assert(await connects(port));
  }
  assertFalse(await connects(port));
});
