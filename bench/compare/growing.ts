/**
 * What is to cost the same for each of them, however many there are: all `units`
 * are there at once.
 */
import {
  createTask,
  gather,
  getRunningLoop,
  Lock,
  openConnection,
  Queue,
  run,
  type Server,
  sleep,
  startServer,
  taskGroup,
} from "@asyncio/asyncio";
import { check, serve } from "./serve.ts";
import type { GrowthName } from "./growth.ts";
import { priorityOf } from "./works.ts";

function times<T>(count: number, make: (k: number) => T): T[] {
  return Array.from({ length: count }, (_, k) => make(k));
}

// deno-lint-ignore require-await
async function one(): Promise<number> {
  return 1;
}

let serving: Promise<Server> | undefined;

/** Echoes one line to each client. */
function server(): Promise<Server> {
  return serving ??= startServer(async (reader, writer) => {
    writer.write(await reader.readLine());
    await reader.read();
    writer.close();
  }, { hostname: "127.0.0.1", backlog: 1000 });
}

await serve<GrowthName>("growth", {
  async tasks(units) {
    const results = await gather(times(units, () => one));
    check(results.length, units);
  },

  async bare_tasks(units) {
    const results = await Promise.all(times(units, one));
    check(results.length, units);
  },

  async queue(units) {
    const queue = new Queue<number>();
    for (let i = 0; i < units; i++) await queue.put(1);
    let received = 0;
    for (let i = 0; i < units; i++) received += await queue.get();
    check(received, units);
  },

  // deno-lint-ignore require-await
  async timers(units) {
    const loop = getRunningLoop();
    const handles = times(
      units,
      (k) => loop.callLater(60_000 + priorityOf(k, units), () => {}),
    );
    for (let i = 0; i < units; i++) handles[priorityOf(i, units)]!.cancel();
  },

  // deno-lint-ignore require-await
  async bare_timers(units) {
    const handles = times(
      units,
      (k) => setTimeout(() => {}, 60_000 + priorityOf(k, units)),
    );
    for (let i = 0; i < units; i++) clearTimeout(handles[priorityOf(i, units)]);
  },

  async waiters(units) {
    const lock = new Lock();
    await lock.acquire();
    const line = times(units, async () => {
      await lock.acquire();
      lock.release();
    });
    lock.release();
    await Promise.all(line);
  },

  async quitters(units) {
    const lock = new Lock();
    await lock.acquire();
    const line = times(units, () => createTask(() => lock.acquire()));
    await sleep(0);
    for (let i = 0; i < units; i++) line[priorityOf(i, units)]!.cancel();
    await gather(line, { returnExceptions: true });
    check(line.filter((task) => task.cancelled).length, units);
  },

  async connections(units) {
    const { port } = (await server()).addresses[0] as Deno.NetAddr;
    const clients = await taskGroup(
      (group) =>
        times(
          units,
          () =>
            group.createTask(() =>
              openConnection({ hostname: "127.0.0.1", port })
            ),
        ),
      { limit: 100 },
    );
    await gather(clients.map((client) => async () => {
      const { reader, writer } = client.result();
      writer.write("hello\n");
      check((await reader.readLine()).length, 6);
    }));
    for (const client of clients) client.result().writer.close();
  },
}, run);
