import { assertEquals } from "@std/assert";
import { natsJobs } from "@asyncio/asyncio/queue/nats";
import { Event } from "@asyncio/asyncio/sync";
import { timeout } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_attempt.ts";
import { askServer } from "./_admin.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { asCluster, Proxy } from "./_proxy.ts";

/** A server that says that all jobs up to number `done` are done. */
async function withDone(
  done: number,
  fn: (server: NatsServer, servers: string) => Promise<void>,
): Promise<void> {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  proxy.lie = (said) =>
    said.replace(
      '"ack_floor":{"consumer_seq":0,"stream_seq":0',
      `"ack_floor":{"consumer_seq":${done},"stream_seq":${done}`,
    );
  await fn(server, proxy.address);
}

async function left(server: NatsServer): Promise<number> {
  return (await askServer(server.port, "STREAM.INFO.JOBS_test")).state.messages;
}

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

test("a join ends though the servers keep jobs that are done, and they are dropped", () =>
  withDone(2, async (server, servers) => {
    await using jobs = await natsJobs({ servers, name: "test" });
    for (let i = 0; i < 2; i++) await jobs.put(i);
    assertEquals(await left(server), 2);
    await jobs.join();
    assertEquals([await left(server), await jobs.size()], [0, 0]);
  }));

test("jobs that are done and kept take no room", () =>
  withDone(2, async (server, servers) => {
    await using jobs = await natsJobs({ servers, name: "test", maxSize: 2 });
    for (let i = 0; i < 3; i++) await jobs.put(i);
    assertEquals([await left(server), (await jobs.get()).value], [1, 2]);
  }));

test("a job behind those that are done and kept stays", () =>
  withDone(2, async (server, servers) => {
    await using jobs = await natsJobs({ servers, name: "test" });
    for (let i = 0; i < 3; i++) await jobs.put(i);
    assertEquals([await jobs.size(), await jobs.size()], [3, 1]);
    assertEquals([await left(server), (await jobs.get()).value], [1, 2]);
  }));

test("jobs that are out stay theirs who have them when those that are done are dropped", () =>
  withDone(1, async (server, servers) => {
    await using jobs = await natsJobs({ servers, name: "test" });
    for (let i = 0; i < 3; i++) await jobs.put(i);
    await jobs.get();
    const job = await jobs.get();
    assertEquals([await jobs.size(), await jobs.size()], [3, 2]);
    assertEquals(await left(server), 2);
    await job.release(); // or its lease runs out: it comes again
    const again = await timeout(5000, () => jobs.get());
    assertEquals([again.value, again.attempt], [1, 1]);
  }));

test("nothing is dropped where more jobs are said to be done than there were", () =>
  withDone(3, async (server, servers) => {
    await using jobs = await natsJobs({ servers, name: "test" });
    for (let i = 0; i < 2; i++) await jobs.put(i);
    assertEquals([await jobs.size(), await jobs.size()], [2, 2]);
    assertEquals(await left(server), 2);
  }));

test("where jobs that are done may not be dropped, they are counted", async () => {
  await withDone(1, async (server, servers) => {
    await using jobs = await natsJobs({ servers, name: "test" });
    const { config } = await askServer(server.port, "STREAM.INFO.JOBS_test");
    const locked = JSON.stringify({ ...config, deny_delete: true });
    await askServer(server.port, "STREAM.UPDATE.JOBS_test", locked);
    await jobs.put(1);
    assertEquals([await jobs.size(), await jobs.size()], [1, 1]);
  });
});

test("the server of a cluster that overlooks the last jobs is not left to hand them out", async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  const stepDown = new Event();
  proxy.lie = (said) => {
    if (said.includes("consumer_leader_stepdown_response")) stepDown.set();
    return asCluster(said).replace('"num_pending":1', '"num_pending":0');
  };
  await using jobs = await natsJobs({
    servers: proxy.address,
    name: "test",
    replicas: 1,
  });
  await jobs.put(1);
  const join = new Attempt((options) => jobs.join(options));
  await timeout(20_000, () => stepDown.wait());
  assertEquals(join.outcome, "pending"); // here there is no other server
  join.cancel();
  await join.task;
});
