import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Jobs, work } from "@asyncio/asyncio/queue/jobs";
import { NatsError, natsJobs } from "@asyncio/asyncio/queue/nats";
import { Event } from "@asyncio/asyncio/sync";
import {
  createTask,
  moveOnAfter,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { letters } from "../jobs/_place.ts";
import { askServer } from "./_admin.ts";
import { freePorts, ignore, NatsServer } from "./_nats_server.ts";

const JOBS = 10_000;

/** Starts a cluster of `count` servers. */
async function startCluster(count: number): Promise<NatsServer[]> {
  const ports = freePorts(count);
  return await Promise.all(ports.map((port) => startMember(port, ports)));
}

/** Starts the server at `port` of the cluster at `ports`. */
function startMember(port: number, ports: number[]): Promise<NatsServer> {
  return NatsServer.start([
    "--server_name",
    `server-${ports.indexOf(port) + 1}`,
    "--cluster_name",
    "test",
    "--cluster",
    `nats://127.0.0.1:${port}`,
    "--routes",
    ports.map((port) => `nats://127.0.0.1:${port}`).join(),
  ]);
}

Deno.test({
  name:
    "natsJobs: a server of a cluster of three is killed and started again while 10 000 jobs run, and none is lost",
  ignore,
  async fn() {
    const cluster = await startCluster(3);
    const servers = cluster.map(({ address }) => address);
    const open = () =>
      natsJobs<number>({
        servers,
        name: "test",
        lease: 3000,
        connectTimeout: 60_000,
      });
    const producer = await open();
    const consumers = await Promise.all([open(), open()]);
    const runs = new Map<number, number>();
    const [third, most] = [new Event(), new Event()];
    const workers = consumers.map((jobs) =>
      createTask(() =>
        work(jobs, (n) => {
          runs.set(n, (runs.get(n) ?? 0) + 1);
          if (runs.size === JOBS / 4) third.set();
          if (runs.size === JOBS / 2) most.set();
        }, { concurrency: 50, backoff: () => 0 })
      )
    );
    const puts = createTask(() =>
      taskGroup((group) => {
        for (let n = 0; n < JOBS; n++) {
          group.createTask(() => producer.put(n));
        }
      }, { limit: 100 })
    );

    await third.wait();
    const victim = await leader(cluster);
    await victim.kill();
    await most.wait();
    await victim.restart();

    await puts;
    await producer.join();
    const duplicates = [...runs.values()].reduce((sum, n) => sum + n - 1, 0);
    console.log(`${runs.size} jobs, ${duplicates} of them run once more`);
    assertEquals(runs.size, JOBS);
    assertEquals(await letters(producer), []);
    assert(duplicates < JOBS / 10);
    for (const worker of workers) worker.cancel();
    for (const worker of workers) await worker.catch(() => {});
    for (const jobs of [producer, ...consumers]) {
      await jobs[Symbol.asyncDispose]();
    }
    for (const server of cluster) await server[Symbol.asyncDispose]();
  },
});

/** The server that leads the stream of the jobs: the one that is missed most. */
async function leader(cluster: NatsServer[]): Promise<NatsServer> {
  const { cluster: { leader } } = await askServer(
    cluster[0]!.port,
    "STREAM.INFO.JOBS_test",
  );
  return cluster[Number(leader.replace("server-", "")) - 1]!;
}

Deno.test({
  name:
    "natsJobs: on a cluster that is too small for its replicas, opening says what to do",
  ignore,
  async fn() {
    const cluster = await startCluster(2);
    const servers = cluster[0]!.address;
    const jobs = await natsJobs({
      servers,
      name: "small",
      replicas: 1,
      connectTimeout: 30_000,
    });
    await jobs.put(1);
    assertEquals((await jobs.get()).value, 1);
    const error = await assertRejects(
      () => natsJobs({ servers, name: "test", connectTimeout: 8000 }),
      NatsError,
    );
    assert(error.message.includes("unless `replicas` says otherwise"));
    await jobs[Symbol.asyncDispose]();
    for (const server of cluster) await server[Symbol.asyncDispose]();
  },
});

Deno.test({
  name:
    "natsJobs: who opens a queue waits for as many servers as it takes to keep a job",
  ignore,
  async fn() {
    const ports = freePorts(3);
    const cluster = await Promise.all(
      ports.slice(0, 2).map((port) => startMember(port, ports)),
    );
    const where = { servers: cluster[0]!.address, connectTimeout: 60_000 };
    const opening = new Attempt(() => natsJobs({ ...where, name: "test" }));
    await sleep(500); // it has been refused by then
    assertEquals(opening.outcome, "pending");
    cluster.push(await startMember(ports[2]!, ports));
    await opening.task;
    await using jobs = opening.value as Jobs<number>;
    await jobs.put(2);
    assertEquals((await jobs.get()).value, 2);
    await jobs[Symbol.asyncDispose]();
    for (const server of cluster) await server[Symbol.asyncDispose]();
  },
});

Deno.test({
  name:
    "natsJobs: what a queue never used before works on a cluster that has lost a server",
  ignore,
  async fn() {
    const cluster = await startCluster(3);
    const servers = cluster.map(({ address }) => address);
    const jobs = await natsJobs<string>({
      servers,
      name: "test",
      connectTimeout: 60_000,
    });
    await (await leader(cluster)).stop();
    await jobs.put("a", { id: "1", unique: "untilDone", priority: 0 });
    const job = await jobs.get();
    await job.done("result");
    assertEquals(await jobs.result("1"), "result");
    await jobs.pause();
    await jobs[Symbol.asyncDispose]();
    for (const server of cluster) await server[Symbol.asyncDispose]();
  },
});

/**
 * Waits until the servers make no stream that takes three of them. Returns false
 * if they still do: newer servers notice late that one is away.
 */
async function refusesStreams(port: number): Promise<boolean> {
  for (let i = 0; i < 50; i++) {
    const name = `PROBE_${i}`;
    const config = { name, subjects: [name], num_replicas: 3 };
    const answer = await moveOnAfter(
      1000,
      () => askServer(port, `STREAM.CREATE.${name}`, JSON.stringify(config)),
    );
    if (answer?.error !== undefined) return true;
    await sleep(100);
  }
  return false;
}

Deno.test({
  name:
    "natsJobs: who uses what takes another stream waits for all servers of that",
  ignore,
  async fn() {
    const cluster = await startCluster(3);
    const servers = cluster.map(({ address }) => address);
    const jobs = await natsJobs<string>({
      servers,
      name: "test",
      connectTimeout: 60_000,
    });
    const { port } = cluster[0]!;
    for (const stream of ["STATE", "RESULTS"]) { // a queue of older versions
      await askServer(port, `STREAM.DELETE.${stream}_JOBS_test`);
    }
    await cluster[2]!.stop();
    const refused = await refusesStreams(port);
    const put = new Attempt(() =>
      jobs.put("a", { id: "1", unique: "untilDone" })
    );
    await jobs.put("b", { id: "2" });
    const done = new Attempt(async () => await (await jobs.get()).done("b"));
    await sleep(2000); // it has been refused by then
    const outcome = refused ? "pending" : "value";
    assertEquals([put.outcome, done.outcome], [outcome, outcome]);
    await cluster[2]!.restart();
    await put.task;
    await done.task;
    assertEquals(await jobs.result("2"), "b");
    await jobs[Symbol.asyncDispose]();
    for (const server of cluster) await server[Symbol.asyncDispose]();
  },
});

Deno.test({
  name:
    "natsJobs: no job of a queue with a bound is lost while servers of a cluster are restarted",
  ignore,
  async fn() {
    const cluster = await startCluster(3);
    const servers = cluster.map(({ address }) => address);
    const open = () =>
      natsJobs<number>({
        servers,
        name: "test",
        lease: 3000,
        maxSize: 20,
        connectTimeout: 60_000,
      });
    const producer = await open();
    const consumer = await open();
    const runs = new Set<number>();
    const worker = createTask(() =>
      work(consumer, (n) => void runs.add(n), { concurrency: 5 })
    );
    let count = 0;
    let isEnough = false;
    const producers = createTask(() =>
      taskGroup((group) => {
        for (let i = 0; i < 50; i++) {
          group.createTask(async () => {
            while (!isEnough) await producer.put(count++);
          });
        }
      })
    );
    for (const server of [...cluster, ...cluster]) {
      await server.stop();
      await server.restart();
      const before = runs.size; // those of this one go on
      while (runs.size < before + 300) await sleep(100);
      await sleep(2000); // it has caught up, mostly
    }
    isEnough = true;
    await producers;
    await producer.join();
    assertEquals(await letters(producer), []);
    assertEquals(runs.size, count);
    worker.cancel();
    await worker.catch(() => {});
    await producer[Symbol.asyncDispose]();
    await consumer[Symbol.asyncDispose]();
    for (const server of cluster) await server[Symbol.asyncDispose]();
  },
});
