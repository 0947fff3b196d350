import { assertEquals } from "@std/assert";
import type { HttpServer } from "@asyncio/asyncio/streams";
import { currentTask, sleep, type Task } from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { turns } from "../../_helpers/turns.ts";
import { until } from "../../_helpers/until.ts";
import { get, portOf, serving } from "./_http.ts";

function echo(request: Request): Response {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send(`echo ${data}`);
  return response;
}

function connect(server: HttpServer, path = "/"): WebSocket {
  return new WebSocket(`ws://127.0.0.1:${portOf(server)}${path}`);
}

/** The answer to a message, or the code of the close before one. */
async function exchange(socket: WebSocket): Promise<string | number> {
  const { promise, resolve } = Promise.withResolvers<string | number>();
  socket.onopen = () => socket.send("hello");
  socket.onmessage = ({ data }) => resolve(data);
  socket.onclose = ({ code }) => resolve(code);
  return await promise;
}

async function closed(socket: WebSocket): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>();
  socket.onclose = ({ code }) => resolve(code);
  return await promise;
}

for (const when of ["at once", "after a wait", "before a wait"]) {
  Deno.test(`a handler upgrades a request to a WebSocket ${when}`, async () => {
    const tasks: Task<unknown>[] = [];
    await using server = await serving(async (request) => {
      tasks.push(currentTask()!);
      if (when === "after a wait") await turns(5);
      const response = echo(request);
      if (when === "before a wait") await turns(5);
      return response;
    });
    const socket = connect(server);
    assertEquals(await exchange(socket), "echo hello");
    assertEquals(tasks.map(({ cancelled }) => cancelled), [false]);
    const end = closed(socket);
    socket.close();
    await end;
  });
}

for (
  const [what, fail] of [
    ["throws", () => {
      throw new Error("after the upgrade");
    }],
    ["gives another response", () => new Response("no")],
    ["is cancelled", () => {
      currentTask()!.cancel();
      return sleep(0).then(() => new Response());
    }],
    ["waits for too long", () => sleep(1000).then(() => new Response())],
  ] as const
) {
  Deno.test(`a handler that ${what} after an upgrade ends that WebSocket, and not the server`, async () => {
    await reportsOf(async () => {
      const server = await serving((request) => {
        if (request.url.endsWith("/fine")) return new Response("fine");
        const { socket } = Deno.upgradeWebSocket(request);
        socket.onerror = () => {};
        return fail();
      }, { requestTimeout: 10 });
      const socket = connect(server);
      socket.onerror = () => {};
      assertEquals(typeof await exchange(socket), "number");
      assertEquals(await get(server, "/fine"), [200, "fine"]);
    });
  });
}

Deno.test("a WebSocket is no request any more: the server may be told to go", async () => {
  await using server = await serving(echo);
  const socket = connect(server);
  assertEquals(await exchange(socket), "echo hello");
  await until(() => Deno.inspect(server).includes("requests: 0"));
  const end = closed(socket);
  await server.shutdown();
  assertEquals(await end, 1001);
});
