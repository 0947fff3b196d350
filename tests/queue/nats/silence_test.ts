/** Servers that fall silent, without closing their connections. */
import { assert, assertEquals } from "@std/assert";
import { work } from "@asyncio/asyncio/queue/jobs";
import { natsJobs } from "@asyncio/asyncio/queue/nats";
import { Event } from "@asyncio/asyncio/sync";
import { createTask } from "@asyncio/asyncio/tasks";
import { end } from "../jobs/_place.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";
import { Proxy } from "./_proxy.ts";

Deno.test({
  name: "natsJobs: a server that falls silent costs no lease",
  ignore,
  async fn() {
    await using server = await NatsServer.start();
    const ways = [new Proxy(server.port), new Proxy(server.port)];
    await using jobs = await natsJobs<string>({
      servers: ways.map(({ address }) => address),
      name: "test",
      lease: 15_000,
      connectTimeout: 30_000,
    });
    await using direct = await open<string>(server);
    const [started, finish] = [new Event(), new Event()];
    const lost: unknown[] = [];
    const worker = createTask(() =>
      work(jobs, async () => {
        started.set();
        await finish.wait();
      }, { onError: (error) => lost.push(error) })
    );
    await direct.put("long");
    await started.wait();
    const used = ways.find((way) => way.connections > 0)!;
    used.deaf = true;
    await jobs.put("another"); // comes through the other way
    finish.set();
    await direct.join();
    assertEquals(lost, []);
    await end(worker);
    await jobs[Symbol.asyncDispose]();
    for (const way of ways) await way[Symbol.asyncDispose]();
  },
});

Deno.test({
  name: "natsJobs: opening leaves time for servers beside one that is silent",
  ignore,
  async fn() {
    await using server = await NatsServer.start();
    await using silent = new Proxy(server.port);
    silent.deaf = true;
    const opened = await Promise.all(
      Array.from({ length: 6 }, () =>
        natsJobs<string>({
          servers: [silent.address, silent.address, server.address],
          name: "test",
          connectTimeout: 20_000,
        })),
    );
    for (const jobs of opened) {
      assert(Deno.inspect(jobs).includes("connected: true"));
      await jobs[Symbol.asyncDispose]();
    }
  },
});
