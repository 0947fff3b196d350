import { assertEquals } from "@std/assert";
import type { Jobs } from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import { race, shield, sleep, timeout } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { askServer } from "./_admin.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open, PATIENCE } from "./_open.ts";
import { asCluster, Proxy } from "./_proxy.ts";

/** A server that says that all jobs up to number `done` are done. */
async function withDone(
  done: number,
  fn: (server: NatsServer, servers: string) => Promise<void>,
  lie = (said: string) => said,
): Promise<void> {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  proxy.lie = (said) =>
    lie(said).replaceAll(
      '"ack_floor":{"consumer_seq":0,"stream_seq":0',
      `"ack_floor":{"consumer_seq":${done},"stream_seq":${done}`,
    );
  await fn(server, proxy.address);
}

/** The number of the last job that was put, also again. */
async function lastNumber(server: NatsServer): Promise<number> {
  return (await askServer(server.port, "STREAM.INFO.JOBS_test")).state.last_seq;
}

async function left(server: NatsServer): Promise<number> {
  return (await askServer(server.port, "STREAM.INFO.JOBS_test")).state.messages;
}

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

test("jobs that are done and kept run again, once, and a join ends", () =>
  withDone(2, async (server, servers) => {
    await using jobs = await open({ address: servers });
    await using other = await open({ address: servers });
    for (let i = 0; i < 2; i++) await jobs.put(i, { id: `job ${i}` });
    const look = async () => [await other.size(), await jobs.size()];
    assertEquals([await look(), await look()], [[2, 2], [2, 2]]);
    assertEquals(await left(server), 2);
    const join = jobs.join();
    for (let i = 0; i < 2; i++) {
      const job = await jobs.get();
      assertEquals([job.value, job.id, job.attempt], [i, `job ${i}`, 1]);
      await job.done();
    }
    await join;
    assertEquals(await left(server), 0);
  }));

test("jobs that are done and kept do not hold up a put into a full queue", () =>
  withDone(2, async (server, servers) => {
    await using jobs = await open({ address: servers }, { maxSize: 2 });
    await using proxy = new Proxy(server.port);
    await using other = await open(proxy);
    for (let i = 0; i < 2; i++) await jobs.put(i);
    proxy.garble = (said) => said.replace("+ACK", "+WPI"); // it is kept
    for (let i = 0; i < 2; i++) await (await other.get()).done();
    await jobs.put(2);
    assertEquals(await jobs.size(), 1);
  }));

test("jobs that are done and kept run again though the queue is full of them", () =>
  withDone(2, async (server, servers) => {
    await using jobs = await open({ address: servers }, { maxSize: 2 });
    for (let i = 0; i < 2; i++) await jobs.put(i);
    const put = new Attempt((options) => jobs.put(2, options));
    while (await lastNumber(server) < 4) await jobs.size();
    for (let i = 0; i < 3; i++) {
      const job = await timeout(30_000, () => jobs.get());
      assertEquals(job.value, i);
      await job.done();
    }
    await put.task;
    await jobs.join();
    assertEquals([put.outcome, await left(server)], ["value", 0]);
  }));

test("jobs that are leased stay so when those that are done are put again", () =>
  withDone(1, async (server, servers) => {
    await using silent = new Proxy(server.port);
    await using other = await open(silent);
    await using jobs = await open({ address: servers });
    for (let i = 0; i < 3; i++) await jobs.put(i);
    await other.get();
    silent.deaf = true; // it is not known that it has the job
    const job = await jobs.get();
    while (await lastNumber(server) < 4) assertEquals(await jobs.size(), 3);
    assertEquals(await jobs.size(), 3);
    assertEquals(await left(server), 3);
    assertEquals((await jobs.get()).value, 2);
    assertEquals((await jobs.get()).value, 0);
    await job.release(); // or its lease runs out: it comes again
    const again = await timeout(PATIENCE, () => jobs.get());
    assertEquals([again.value, again.attempt], [1, 1]);
    silent.deaf = false;
  }));

test("a job that counts as done is left alone while a process has it", () =>
  withDone(1, async (server, servers) => {
    await using jobs = await open({ address: servers });
    await using other = await open(server);
    await jobs.put(1);
    const job = await other.get();
    assertEquals([await jobs.size(), await jobs.size()], [1, 1]);
    const get = new Attempt((options) => jobs.get(options));
    await job.done();
    await jobs.join();
    assertEquals([await left(server), get.outcome], [0, "pending"]);
    get.cancel();
  }));

test("a job that is done and kept is deleted if a process knows that it is done", () =>
  withDone(2, async (server, servers) => {
    await using jobs = await open({ address: servers });
    await using proxy = new Proxy(server.port);
    await using other = await open(proxy);
    for (let i = 0; i < 2; i++) await jobs.put(i);
    proxy.garble = (said) => said.replace("+ACK", "+WPI"); // it is kept
    for (let i = 0; i < 2; i++) await (await other.get()).done();
    assertEquals([await left(server), await jobs.size()], [2, 2]);
    assertEquals([await jobs.size(), await left(server)], [0, 0]);
  }));

test("of a cluster, a process that is out of reach for a moment is asked again", () =>
  withDone(1, async (server, servers) => {
    await using jobs = await open({ address: servers }, { replicas: 1 });
    await using proxy = new Proxy(server.port);
    await using other = await open(proxy);
    await jobs.put(1);
    proxy.garble = (said) => said.replace("+ACK", "+WPI"); // it is kept
    await (await other.get()).done();
    let missed = 0;
    proxy.lie = (said) =>
      said.replace(
        /MSG jobs\.test\.known [^\r]*\r\n[^\r]*\r\n/g,
        (question) => {
          return missed++ === 0 ? "" : question;
        },
      );
    const get = new Attempt((options) => jobs.get(options));
    await race([() => jobs.join(), () => shield(get.task)]);
    assertEquals([get.outcome, missed > 1], ["pending", true]);
    get.cancel();
  }, asCluster));

test("of a cluster, counts that overlap keep no job from being put again", () =>
  withDone(1, async (server, servers) => {
    await using silent = new Proxy(server.port);
    await using other = await open(silent, { replicas: 1 });
    await using jobs = await open({ address: servers }, { replicas: 1 });
    await jobs.put(1);
    await other.get();
    silent.deaf = true; // it is not known that it has the job
    let counting = true;
    const counts = [0, 100, 200].map(async (ms) => {
      await sleep(ms); // so that they overlap
      while (counting) await jobs.size();
    });
    try {
      const job = await timeout(PATIENCE, () => jobs.get());
      assertEquals(job.value, 1);
      while (await left(server) > 1); // it is put again before it is deleted
    } finally {
      counting = false;
      await Promise.all(counts);
    }
    silent.deaf = false;
  }, asCluster));

test("nothing is put again where more jobs are said to be done than there were", () =>
  withDone(3, async (server, servers) => {
    await using jobs = await open({ address: servers });
    for (let i = 0; i < 2; i++) await jobs.put(i);
    assertEquals([await jobs.size(), await jobs.size()], [2, 2]);
    assertEquals(await left(server), 2);
  }));

test("where jobs that are done may not be deleted, they stay", async () => {
  await withDone(1, async (server, servers) => {
    await using jobs = await open({ address: servers });
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
  await using jobs = await open(proxy, { replicas: 1 });
  await jobs.put(1);
  const join = new Attempt((options) => jobs.join(options));
  await timeout(PATIENCE, () => stepDown.wait());
  assertEquals(join.outcome, "pending"); // here there is no other server
  join.cancel();
  await join.task;
});

/** A job that counts as done, with a process that cannot be asked. */
async function leaveOver(
  server: NatsServer,
  silent: Proxy,
): Promise<Jobs<number>> {
  const jobs = await open<number>(silent, { replicas: 1 });
  await jobs.put(1);
  await jobs.get(); // the consumer has nothing to hand out
  await server.stop(); // it has stored what it has handed out
  silent.deaf = true;
  await server.restart();
  return jobs;
}

test("a worker of a cluster that is idle gets jobs that are done and kept", () =>
  withDone(1, async (server, servers) => {
    await using silent = new Proxy(server.port);
    await using _jobs = await leaveOver(server, silent);
    await using worker = await open({ address: servers }, { replicas: 1 });
    assertEquals((await timeout(PATIENCE, () => worker.get())).value, 1);
    silent.deaf = false;
  }, asCluster));

test("a worker that is idle gets jobs that are done and kept when its server is back", () =>
  withDone(1, async (server, servers) => {
    await using silent = new Proxy(server.port);
    await using worker = await open({ address: servers });
    await using _jobs = await leaveOver(server, silent);
    assertEquals((await timeout(PATIENCE, () => worker.get())).value, 1);
    silent.deaf = false;
  }));

test("a count ends with its queue, also before processes are asked", async () => {
  let looked = () => {};
  await withDone(
    1,
    async (server, servers) => {
      await using proxy = new Proxy(Number(servers.split(":")[1]));
      const jobs = await open<number>(proxy);
      await jobs.put(1);
      await jobs.size();
      const closed = Promise.withResolvers<void>();
      looked = () => {
        setTimeout(() => {
          proxy.cut();
          jobs[Symbol.asyncDispose]().then(closed.resolve);
        }, 1);
      };
      const size = new Attempt(() => jobs.size());
      await closed.promise;
      for (let i = 0; i < 10; i++) await sleep(0);
      assertEquals([await left(server), size.outcome], [
        1,
        "QueueShutDownError",
      ]);
    },
    (said) => {
      if (said.includes("stream_msg_get_response")) looked();
      return said;
    },
  );
});
