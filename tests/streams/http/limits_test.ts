import { assert, assertEquals, assertRejects } from "@std/assert";
import { serve } from "@asyncio/asyncio/streams";
import { Event } from "@asyncio/asyncio/sync";
import {
  currentTask,
  isCancelled,
  run,
  sleep,
  type Task,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { get, RawClient, serving } from "./_http.ts";

const UNAVAILABLE = [503, "Service Unavailable"];

// requestTimeout

Deno.test("a handler that takes longer than requestTimeout is cancelled, and the answer is 503", async () => {
  const ended = Promise.withResolvers<unknown>();
  const reports = await reportsOf(async () => {
    const server = await serving(async () => {
      await sleep(60_000).catch((error) => {
        ended.resolve(error);
        throw error;
      });
      return new Response();
    }, { requestTimeout: 10 });
    assertEquals(await get(server), UNAVAILABLE);
  });
  const error = await ended.promise;
  assert(isCancelled(error));
  assertEquals(error.message, "no answer within 10 ms");
  assertEquals(reports, []);
});

Deno.test("the 503 does not wait for the clean-up of the handler", async () => {
  const go = new Event();
  const tasks: Task<unknown>[] = [];
  await using server = await serving(async () => {
    tasks.push(currentTask()!);
    try {
      await sleep(60_000);
    } finally {
      await go.wait();
    }
    return new Response();
  }, { requestTimeout: 1 });
  assertEquals(await get(server), UNAVAILABLE);
  assertEquals(tasks.map(({ done }) => done), [false]);
  go.set();
  await until(() => tasks[0]!.done);
});

Deno.test("an answer that comes after the 503 is dropped, and its body let go of", async () => {
  const dropped = Promise.withResolvers<void>();
  await using server = await serving(async () => {
    await sleep(60_000).catch(() => {});
    return new Response(
      new ReadableStream({ cancel: () => dropped.resolve() }),
    );
  }, { requestTimeout: 1 });
  assertEquals(await get(server), UNAVAILABLE);
  await dropped.promise;
});

Deno.test("requestTimeout counts until the handler has answered, not for the body", async () => {
  async function* chunks() {
    for (let i = 0; i < 5; i++) {
      await sleep(10);
      yield new TextEncoder().encode("x");
    }
  }
  await using server = await serving(
    () => new Response(ReadableStream.from(chunks())),
    { requestTimeout: 20 },
  );
  assertEquals(await get(server), [200, "xxxxx"]);
});

Deno.test("with requestTimeout 0 a handler may answer, but not wait", async () => {
  await using server = await serving(async (request) => {
    if (request.url.endsWith("/wait")) await sleep(1000);
    else await null;
    return new Response("fine");
  }, { requestTimeout: 0 });
  assertEquals(await get(server), [200, "fine"]);
  assertEquals(await get(server, "/wait"), UNAVAILABLE);
});

Deno.test("no timer of requestTimeout outlives its request", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const server = await serving(async () => {
      await new Promise((resolve) => setTimeout(resolve));
      return new Response("fine");
    }, { requestTimeout: 1000 });
    assertEquals(await get(server), [200, "fine"]);
    await clock.advance(2000);
    assertEquals(await get(server), [200, "fine"]);
  }, { clock });
});

// maxConcurrency

Deno.test("no more than maxConcurrency requests are handled at a time, in order of arrival", async () => {
  const waiting: PromiseWithResolvers<void>[] = [];
  const order: string[] = [];
  await using server = await serving(async (request) => {
    order.push(new URL(request.url).pathname);
    const gate = Promise.withResolvers<void>();
    waiting.push(gate);
    await gate.promise;
    return new Response();
  }, { maxConcurrency: 2 });
  const answers = [];
  for (let i = 0; i < 5; i++) {
    answers.push(get(server, `/${i}`));
    await until(() => Deno.inspect(server).includes(`requests: ${i + 1}`));
  }
  assertEquals(order, ["/0", "/1"]);
  for (let i = 0; i < 5; i++) {
    waiting[i]!.resolve();
    await until(() => order.length === Math.min(5, i + 3));
  }
  await Promise.all(answers);
  assertEquals(order, ["/0", "/1", "/2", "/3", "/4"]);
});

Deno.test("a request whose client goes while it waits never reaches the handler", async () => {
  const go = new Event();
  const handled: string[] = [];
  await using server = await serving(async (request) => {
    handled.push(new URL(request.url).pathname);
    await go.wait();
    return new Response("fine");
  }, { maxConcurrency: 1 });
  const first = get(server, "/first");
  await until(() => handled.length === 1);
  using client = await RawClient.get(server, "/gone");
  await until(() => Deno.inspect(server).includes("requests: 2"));
  await turns(3);
  client.leave();
  await until(() => Deno.inspect(server).includes("requests: 1"));
  const last = get(server, "/last");
  await until(() => Deno.inspect(server).includes("requests: 2"));
  go.set();
  assertEquals(await first, [200, "fine"]);
  assertEquals(await last, [200, "fine"]);
  assertEquals(handled, ["/first", "/last"]);
});

Deno.test("a handler that is cancelled or throws makes room for the next", async () => {
  let handled = 0;
  const answers: unknown[] = [];
  await reportsOf(async () => {
    const server = await serving(async (request) => {
      handled++;
      if (request.url.endsWith("/throw")) throw new Error("thrown");
      if (request.url.endsWith("/wait")) await sleep(60_000);
      return new Response("fine");
    }, { maxConcurrency: 1 });
    using client = await RawClient.get(server, "/wait");
    await until(() => handled === 1);
    const next = [get(server, "/throw"), get(server, "/throw"), get(server)];
    client.leave();
    answers.push(...await Promise.all(next));
  });
  const failed = [500, "Internal Server Error"];
  assertEquals(answers, [failed, failed, [200, "fine"]]);
});

Deno.test("the time that a request waits for its turn counts for requestTimeout", async () => {
  let handled = 0;
  const go = new Event();
  await using server = await serving(async (request) => {
    handled++;
    if (request.url.endsWith("/first")) await go.wait().catch(() => go.wait());
    return new Response("fine");
  }, { maxConcurrency: 1, requestTimeout: 20 });
  const first = get(server, "/first");
  await until(() => handled === 1);
  assertEquals(await get(server, "/second"), UNAVAILABLE);
  assertEquals(await first, UNAVAILABLE);
  assertEquals(handled, 1);
  go.set();
  assertEquals(await get(server, "/third"), [200, "fine"]);
});

Deno.test("a request counts for maxConcurrency until its body is sent", async () => {
  const go = new Event();
  async function* chunks() {
    yield new TextEncoder().encode("begun");
    await go.wait();
  }
  let handled = 0;
  await using server = await serving(() => {
    handled++;
    return new Response(ReadableStream.from(chunks()));
  }, { maxConcurrency: 1 });
  const first = get(server);
  await until(() => handled === 1);
  const second = get(server);
  await until(() => Deno.inspect(server).includes("requests: 2"));
  await turns(5);
  assertEquals(handled, 1);
  go.set();
  assertEquals([await first, await second], [[200, "begun"], [200, "begun"]]);
});

// Arguments

Deno.test("serve refuses what is no handler, with the fix", async () => {
  // deno-lint-ignore no-explicit-any -- what is tested
  const wrong = serve as any;
  await assertRejects(
    () => wrong({ port: 0 }, () => new Response()),
    TypeError,
    "received an instance of Object: write serve(handler, options)",
  );
  await assertRejects(() => wrong(), TypeError, "received undefined");
});

Deno.test("serve refuses bad options before it listens", async () => {
  const handler = () => new Response();
  for (const maxConcurrency of [0, -1, 1.5, NaN]) {
    await assertRejects(() => serve(handler, { maxConcurrency }), RangeError);
  }
  await assertRejects(
    () => serve(handler, { requestTimeout: NaN }),
    RangeError,
  );
  await assertRejects(() => serve(handler, { port: 65536 }), RangeError);
  await assertRejects(() => serve(handler, { path: "" }), TypeError);
  await assertRejects(() => serve(handler, { path: "/x", port: 1 }), TypeError);
  const tls = { cert: "cert", key: "key" };
  await assertRejects(() => serve(handler, { path: "/x", tls }), TypeError);
  const half = { cert: "cert" } as typeof tls;
  await assertRejects(() => serve(handler, { tls: half }), TypeError);
  const more = { ...tls, requestCert: true };
  for (const given of [more, Object.create(more)]) {
    await assertRejects(
      () => serve(handler, { tls: given }),
      TypeError,
      "tls.requestCert",
    );
  }
});

Deno.test("serve takes a signal, and listens to nothing if it has aborted", async () => {
  const signal = AbortSignal.abort(new Error("no more"));
  await assertRejects(
    () => serve(() => new Response(), { signal }),
    Error,
    "no more",
  );
});
