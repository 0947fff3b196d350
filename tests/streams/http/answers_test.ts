import { connect } from "node:net";
import { connect as connectTls } from "node:tls";
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { type HttpServeOptions, serve } from "@asyncio/asyncio/streams";
import { Queue } from "@asyncio/asyncio/queue";
import {
  ContextVar,
  currentTask,
  type ExceptionContext,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { certificates } from "../_certificates.ts";
import { get, portOf, RawClient, serving, tried, urlOf } from "./_http.ts";

Deno.test("a handler answers at once, a microtask later, or a turn later", async () => {
  await using server = await serving((request) => {
    if (request.url.endsWith("/now")) return new Response("now");
    return (async () => {
      if (request.url.endsWith("/turn")) await sleep(0);
      else await null;
      return new Response("later");
    })();
  });
  assertEquals(await get(server, "/now"), [200, "now"]);
  assertEquals(await get(server, "/soon"), [200, "later"]);
  assertEquals(await get(server, "/turn"), [200, "later"]);
});

Deno.test("a handler may give a thenable, such as a task", async () => {
  const later = new Queue<Response>();
  // deno-lint-ignore no-explicit-any -- only the shape of a promise
  const thenable = { then: (ok: any) => ok(new Response("thenable")) } as any;
  await using server = await serving((request) =>
    request.url.endsWith("/thenable") ? thenable : later.get()
  );
  assertEquals(await get(server, "/thenable"), [200, "thenable"]);
  await later.put(new Response("queued"));
  assertEquals(await get(server), [200, "queued"]);
});

Deno.test("requests have bodies, headers and an address of the client", async () => {
  await using server = await serving(async (request, info) =>
    Response.json({
      method: request.method,
      type: request.headers.get("content-type"),
      body: await request.text(),
      from: (info.remoteAddr as Deno.NetAddr).hostname,
    })
  );
  const headers = { "content-type": "text/x", connection: "close" };
  const init = { method: "PUT", body: "hello", headers };
  const [, json] = await get(server, "/", init);
  assertEquals(JSON.parse(json), {
    method: "PUT",
    type: "text/x",
    body: "hello",
    from: "127.0.0.1",
  });
});

Deno.test("each handler runs in a task of its own, named by its request once it waits", async () => {
  const tasks = new Set<unknown>();
  await using server = await serving(async () => {
    tasks.add(currentTask());
    await sleep(0);
    await sleep(0);
    return new Response(currentTask()!.name);
  });
  assertEquals(await get(server, "/one?secret=1"), [200, "GET /one"]);
  assertEquals(await get(server, "/two"), [200, "GET /two"]);
  assertEquals(tasks.size, 2);
});

Deno.test("a task that its handler has named keeps that name", async () => {
  await using server = await serving(async () => {
    currentTask()!.name = "mine";
    await sleep(0);
    await sleep(0);
    return new Response(currentTask()!.name);
  });
  assertEquals(await get(server), [200, "mine"]);
});

Deno.test("each handler has a copy of the context variables where serve was called", async () => {
  const user = new ContextVar("user", { default: "guest" });
  user.set("ada");
  await using server = await serving(async () => {
    const before = user.get();
    user.set("grace");
    await sleep(0);
    return new Response(`${before}, ${user.get()}`);
  });
  user.set("alan");
  assertEquals(await get(server), [200, "ada, grace"]);
  assertEquals(await get(server), [200, "ada, grace"]);
});

Deno.test("a handler runs on the loop of the run that the server was started in", async () => {
  await run(async () => {
    const loop = getRunningLoop();
    const server = await serving(async () => {
      const first = getRunningLoop() === loop;
      await sleep(0);
      return Response.json([first, getRunningLoop() === loop]);
    });
    assertEquals(await get(server), [200, "[true,true]"]);
  });
});

// Errors

function withoutTask({ message, error }: ExceptionContext): unknown {
  return [message, String(error)];
}

Deno.test("a handler that throws is reported, and its client gets a 500 without the error", async () => {
  const answers: unknown[] = [];
  const reports = await reportsOf(async () => {
    const server = await serving((request) => {
      if (request.url.endsWith("/now")) throw new Error("secret 1");
      return (async () => {
        await sleep(0);
        throw new Error("secret 2");
      })();
    });
    answers.push(await get(server, "/now"), await get(server, "/later"));
  });
  const answer = [500, "Internal Server Error"];
  assertEquals(answers, [answer, answer]);
  assertEquals(reports.map(withoutTask), [
    ["Unhandled exception in request handler: GET /now", "Error: secret 1"],
    ["Unhandled exception in request handler: GET /later", "Error: secret 2"],
  ]);
  assertEquals(reports.map(({ task }) => task?.name), [
    "GET /now",
    "GET /later",
  ]);
});

Deno.test("what is no Response, or cannot be sent, is reported, and a 500", async () => {
  const used = new Response("used");
  await used.text();
  const bad: Record<string, unknown> = {
    "/nothing": undefined,
    "/text": "hello",
    "/used": used,
    "/error": Response.error(),
  };
  const answers: unknown[] = [];
  const reports = await reportsOf(async () => {
    const server = await serving((request) =>
      bad[new URL(request.url).pathname] as Response
    );
    for (const path in bad) answers.push(await get(server, path));
  });
  const answer = [500, "Internal Server Error"];
  assertEquals(answers, [answer, answer, answer, answer]);
  assertEquals(reports.length, 4);
  assertEquals(
    String(reports[0]!.error),
    "TypeError: Cannot answer GET /nothing: the handler returns a Response, received undefined",
  );
  assertStringIncludes(String(reports[1]!.error), 'received "hello"');
});

Deno.test("a Response that is thrown is no answer", async () => {
  let answer: unknown;
  const reports = await reportsOf(async () => {
    const server = await serving(() => {
      throw new Response("thrown");
    });
    answer = await get(server);
  });
  assertEquals(answer, [500, "Internal Server Error"]);
  assertEquals(reports.length, 1);
});

Deno.test("a handler that is cancelled by others answers 503, and is not reported", async () => {
  let answer: unknown;
  const reports = await reportsOf(async () => {
    const server = await serving(async () => {
      currentTask()!.cancel();
      await sleep(0);
      return new Response();
    });
    answer = await get(server);
  });
  assertEquals(answer, [503, "Service Unavailable"]);
  assertEquals(reports, []);
});

Deno.test("a response that was returned with a cancel undelivered is sent", async () => {
  await using server = await serving(() => {
    currentTask()!.cancel();
    return new Response("all the same");
  });
  assertEquals(await get(server), [200, "all the same"]);
});

// Broken requests

const HEAD = "POST / HTTP/1.1\r\nHost: x\r\n";

/**
 * Serves a client that breaks off its body while a handler is at `read`. Returns
 * what that has thrown, and what was reported.
 */
async function brokenOff(
  read: (request: Request) => Promise<unknown>,
  client: (
    port: number,
    handler: { begun: Promise<void>; ended: Promise<void> },
  ) => Promise<void>,
  options?: HttpServeOptions,
): Promise<{ errors: unknown[]; reports: ExceptionContext[] }> {
  const errors: unknown[] = [];
  const reports = await reportsOf(async () => {
    const begun = Promise.withResolvers<void>();
    const ended = Promise.withResolvers<void>();
    const server = await serving(async (request) => {
      begun.resolve();
      try {
        await read(request);
        return new Response();
      } catch (error) {
        errors.push(error);
        throw error;
      } finally {
        ended.resolve();
      }
    }, options);
    await client(portOf(server), {
      begun: begun.promise,
      ended: ended.promise,
    });
  });
  return { errors, reports };
}

const READS: Record<string, (request: Request) => Promise<unknown>> = {
  text: (request) => request.text(),
  json: (request) => request.json(),
  stream: async (request) => {
    for await (const _ of request.body!);
  },
};

for (
  const [what, request] of [
    ["with a length", `${HEAD}Content-Length: 100\r\n\r\nhello`],
    ["in chunks", `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`],
  ]
) {
  for (
    const [way, end] of [
      ["text", "FIN"],
      ["json", "FIN"],
      ["stream", "FIN"],
      ["text", "RST"],
      ["stream", "RST"],
    ] as const
  ) {
    Deno.test(`a body ${what} that its client breaks off by ${end} is not reported, read as ${way}`, async () => {
      const { errors, reports } = await brokenOff(
        READS[way]!,
        async (port, { begun, ended }) => {
          const client = connect(port, "127.0.0.1");
          client.on("error", () => {});
          client.write(request!);
          await begun;
          if (end === "FIN") client.destroy();
          else client.resetAndDestroy();
          await ended;
        },
      );
      assertEquals(errors.length, 1);
      assertEquals(reports, []);
    });
  }
}

for (const end of ["RST", "FIN"] as const) {
  Deno.test(`a body that its client breaks off by ${end} below TLS is not reported`, async () => {
    const { server: { cert, key } } = certificates();
    const { errors, reports } = await brokenOff(
      READS.text!,
      async (port, { begun, ended }) => {
        const socket = connect(port, "127.0.0.1");
        const client = connectTls({ socket, rejectUnauthorized: false });
        for (const it of [socket, client]) it.on("error", () => {});
        client.write(`${HEAD}Content-Length: 100\r\n\r\nhello`);
        await begun;
        if (end === "FIN") socket.end();
        else socket.resetAndDestroy();
        await ended;
        client.destroy();
      },
      { tls: { cert, key } },
    );
    assertEquals(errors.length, 1);
    assertEquals(reports, []);
  });
}

Deno.test("a body that is garbled is answered with 400, and not reported", async () => {
  let answer = "";
  const reports = await reportsOf(async () => {
    const begun = Promise.withResolvers<void>();
    const server = await serving(async (request) => {
      for await (const _ of request.body!) begun.resolve();
      return new Response();
    });
    using client = await RawClient.send(
      server,
      `${HEAD}Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n`,
    );
    await begun.promise;
    await client.send("not a length\r\n");
    answer = await client.readAll();
  });
  assertStringIncludes(answer, "HTTP/1.1 400 Bad Request");
  assertEquals(reports, []);
});

Deno.test("what is no HTTP reaches no handler", async () => {
  let handled = 0;
  await using server = await serving(() => {
    handled++;
    return new Response();
  });
  using client = await RawClient.send(server, "hello, is this HTTP?\r\n\r\n");
  await client.readAll();
  assertEquals(handled, 0);
});

// The rest of HTTP

Deno.test("requests on one connection are answered in order", async () => {
  const order: string[] = [];
  await using server = await serving(async (request) => {
    const path = new URL(request.url).pathname;
    order.push(`begin ${path}`);
    await sleep(path === "/1" ? 5 : 0);
    order.push(`end ${path}`);
    return new Response(path);
  });
  const get = (path: string) => `GET ${path} HTTP/1.1\r\nHost: x\r\n`;
  using client = await RawClient.send(
    server,
    `${get("/1")}\r\n${get("/2")}Connection: close\r\n\r\n`,
  );
  const answers = await client.readAll();
  assert(answers.indexOf("/1") < answers.indexOf("/2"));
  assertEquals(order, ["begin /1", "end /1", "begin /2", "end /2"]);
});

Deno.test("headers that were set on the response arrive, with the length of a text", async () => {
  await using server = await serving(() => {
    const response = new Response("hello", { status: 404 });
    response.headers.set("x-test", "yes");
    return response;
  });
  const response = await fetch(urlOf(server), {
    headers: { connection: "close" },
  });
  assertEquals(response.status, 404);
  assertEquals(response.headers.get("x-test"), "yes");
  assertEquals(response.headers.get("content-length"), "5");
  assertEquals(await response.text(), "hello");
});

Deno.test("outside of every run a server lives on the default loop", async () => {
  const server = await serve(() => new Response("hello"), {
    hostname: "127.0.0.1",
  });
  assertEquals(await get(server), [200, "hello"]);
  await server.shutdown();
  assertEquals(server.addresses, []);
});

Deno.test("a server prints where it serves, and how many requests it answers", async () => {
  const asked = Promise.withResolvers<void>();
  await using server = await serving(async () => {
    asked.resolve();
    await sleep(60_000);
    return new Response();
  });
  const answer = tried(server);
  await asked.promise;
  const { port } = server.addresses[0] as Deno.NetAddr;
  assertEquals(
    Deno.inspect(server, { breakLength: Infinity }),
    `HttpServer { addresses: [ "127.0.0.1:${port}" ], serving: true, requests: 1 }`,
  );
  await server.shutdown({ timeout: 0 });
  assertEquals(await answer, [503, "Service Unavailable"]);
  assertEquals(
    Deno.inspect(server),
    "HttpServer { addresses: [], serving: false, requests: 0 }",
  );
});
