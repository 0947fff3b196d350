import { assert, assertEquals, assertFalse } from "@std/assert";
import { Event, Lock } from "@asyncio/asyncio/sync";
import { Queue } from "@asyncio/asyncio/queue";
import { StreamReader } from "@asyncio/asyncio/streams";
import {
  currentSignal,
  currentTask,
  isCancelled,
  sleep,
  type Task,
  timeout,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { get, RawClient, serving } from "./_http.ts";

/** A server whose handler waits, and what becomes of the wait. */
async function waiting(
  wait: (request: Request) => Promise<unknown>,
): Promise<
  AsyncDisposable & {
    readonly client: RawClient;
    readonly end: Promise<unknown>;
  }
> {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  const server = await serving(async (request) => {
    try {
      const waited = wait(request);
      begun.resolve();
      ended.resolve(await waited);
    } catch (error) {
      ended.resolve(error);
      throw error;
    }
    return new Response();
  });
  const client = await RawClient.get(server);
  await begun.promise;
  return {
    client,
    end: ended.promise,
    [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
  };
}

const waits: Record<string, (request: Request) => Promise<unknown>> = {
  "sleeps": () => sleep(60_000),
  "waits for a queue": () => new Queue().get(),
  "waits inside a timeout": () => timeout(60_000, () => new Event().wait()),
  "waits after some turns": async () => {
    await turns(5);
    await sleep(60_000);
  },
};

for (const [what, wait] of Object.entries(waits)) {
  Deno.test(`a handler that ${what} is cancelled when its client goes`, async () => {
    await using serving = await waiting(wait);
    await turns(10);
    serving.client.leave();
    const error = await serving.end;
    assert(isCancelled(error));
    assertEquals(error.message, "the client has gone");
  });
}

Deno.test("a client that goes in the turn in which its request comes is noticed", async () => {
  const ended = Promise.withResolvers<unknown>();
  await using server = await serving(async () => {
    try {
      await sleep(60_000);
    } catch (error) {
      ended.resolve(error);
    }
    return new Response();
  });
  const client = await RawClient.get(server);
  client.leave();
  assert(isCancelled(await ended.promise));
});

Deno.test("the clean-up of a cancelled handler may wait, and is not cancelled again", async () => {
  const lock = new Lock();
  let cleanedUp = false;
  const done = Promise.withResolvers<void>();
  await using served = await waiting(async () => {
    using _guard = await lock.acquire();
    try {
      await sleep(60_000);
    } finally {
      await turns(20);
      cleanedUp = true;
      done.resolve();
    }
  });
  served.client.leave();
  await done.promise;
  assert(cleanedUp);
  await until(() => !lock.locked);
});

Deno.test("currentSignal aborts when the client goes, for foreign calls", async () => {
  await using served = await waiting(() => {
    const { promise, reject } = Promise.withResolvers();
    const signal = currentSignal();
    signal.addEventListener("abort", () => reject(signal.reason));
    return promise;
  });
  served.client.leave();
  assert(isCancelled(await served.end));
});

Deno.test("the request's own signal aborts too, and the error that it gives is not reported", async () => {
  const reports = await reportsOf(async () => {
    const served = await waiting((request) => {
      const { promise, reject } = Promise.withResolvers();
      const { signal } = request;
      signal.addEventListener("abort", () => reject(signal.reason));
      return promise;
    });
    served.client.leave();
    assertEquals((await served.end as Error).name, "AbortError");
    await turns(5);
  });
  assertEquals(reports, []);
});

Deno.test("an error other than the cancel, in the clean-up, is reported", async () => {
  const reports = await reportsOf(async () => {
    const served = await waiting(async () => {
      try {
        await sleep(60_000);
      } finally {
        // deno-lint-ignore no-unsafe-finally -- what is tested
        throw new Error("in the clean-up");
      }
    });
    served.client.leave();
    await served.end;
    await turns(5);
  });
  assertEquals(reports.map(({ error }) => String(error)), [
    "Error: in the clean-up",
  ]);
});

Deno.test("a read of the request's body is given up with its client", async () => {
  const begun = Promise.withResolvers<void>();
  const ended = Promise.withResolvers<unknown>();
  await using server = await serving(async (request) => {
    const reader = StreamReader.from(request.body!);
    try {
      await reader.readExactly(5);
      begun.resolve();
      await reader.readExactly(100);
    } catch (error) {
      ended.resolve(error);
    }
    return new Response();
  });
  const head = "POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\n";
  using client = await RawClient.send(server, `${head}hello`);
  await begun.promise;
  client.leave();
  assert(await ended.promise instanceof Error);
});

Deno.test("a handler that swallows the cancel and answers harms nothing", async () => {
  const begun = new Event();
  const tasks: Task<unknown>[] = [];
  await using server = await serving(async (request) => {
    if (request.url.endsWith("/other")) return new Response("fine");
    tasks.push(currentTask()!);
    begun.set();
    await sleep(60_000).catch(() => {});
    return new Response("not read");
  });
  using client = await RawClient.get(server);
  await begun.wait();
  client.leave();
  await until(() => tasks[0]!.done);
  assertFalse(tasks[0]!.cancelled);
  assertEquals(await get(server, "/other"), [200, "fine"]);
});

Deno.test("only the task of the client that goes is cancelled", async () => {
  const go = new Event();
  let cancelled = 0;
  let begun = 0;
  await using server = await serving(async () => {
    begun++;
    try {
      await go.wait();
    } catch (error) {
      cancelled++;
      throw error;
    }
    return new Response("fine");
  });
  const answers = [get(server), get(server)];
  using client = await RawClient.get(server);
  await until(() => begun === 3);
  client.leave();
  await until(() => cancelled === 1);
  go.set();
  assertEquals(await Promise.all(answers), [[200, "fine"], [200, "fine"]]);
  assertEquals(cancelled, 1);
});

Deno.test("a client that sends no more after its request is gone", async () => {
  const ended = Promise.withResolvers<unknown>();
  await using server = await serving(async () => {
    await sleep(60_000).catch(ended.resolve);
    return new Response();
  });
  const port = (server.addresses[0] as Deno.NetAddr).port;
  const conn = await Deno.connect({ hostname: "127.0.0.1", port });
  const request = new TextEncoder().encode("GET / HTTP/1.1\r\nHost: x\r\n\r\n");
  await conn.write(request);
  await conn.closeWrite();
  assert(isCancelled(await ended.promise));
  conn.close();
});
