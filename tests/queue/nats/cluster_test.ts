import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Jobs, work } from "@asyncio/asyncio/queue/jobs";
import { NatsError } from "@asyncio/asyncio/queue/nats";
import { Event } from "@asyncio/asyncio/sync";
import { createTask, sleep, taskGroup } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { letters } from "../jobs/_place.ts";
import { askCluster } from "./_admin.ts";
import { Cluster } from "./_cluster.ts";
import { ignore } from "./_nats_server.ts";
import { open } from "./_open.ts";

const JOBS = 10_000;

/** How long an opening may take: the servers have to find each other first. */
const connectTimeout = 120_000;

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

test("a server of a cluster of three is killed and started again while 10 000 jobs run, and none is lost", async () => {
  await using cluster = await Cluster.start(3);
  const options = { lease: 3000, maxAttempts: Infinity, connectTimeout };
  await using producer = await open<number>(cluster, options);
  await using first = await open<number>(cluster, options);
  await using second = await open<number>(cluster, options);
  const runs = new Set<number>();
  const [third, most] = [new Event(), new Event()];
  const workers = [first, second].map((jobs) =>
    createTask(() =>
      work(jobs, (n) => {
        runs.add(n);
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
  const victim = await cluster.leader();
  await victim.kill();
  await most.wait();
  await victim.restart();

  await puts;
  await producer.join();
  assertEquals(runs.size, JOBS);
  assertEquals(await letters(producer), []);
  for (const worker of workers) worker.cancel();
  for (const worker of workers) await worker.catch(() => {});
});

test("on a cluster that is too small for its replicas, opening says what to do", async () => {
  await using cluster = await Cluster.start(2);
  const [server] = cluster.servers;
  await using jobs = await open(server!, { name: "small", replicas: 1 });
  await jobs.put(1);
  assertEquals((await jobs.get()).value, 1);
  const error = await assertRejects(
    () => open(server!, { connectTimeout: 8000 }),
    NatsError,
  );
  assert(error.message.includes("unless `replicas` says otherwise"));
});

test("opening a queue waits for as many servers as it takes to keep a job", async () => {
  await using cluster = await Cluster.start(3, 2);
  const [server] = cluster.servers;
  const opening = new Attempt(() => open(server!, { connectTimeout }));
  await sleep(500); // time for what must not happen
  assertEquals(opening.outcome, "pending");
  await cluster.grow();
  await opening.task;
  await using jobs = opening.value as Jobs<number>;
  await jobs.put(2);
  assertEquals((await jobs.get()).value, 2);
});

test("what a queue never used before works on a cluster that has lost a server", async () => {
  await using cluster = await Cluster.start(3);
  await using jobs = await open<string>(cluster, { connectTimeout });
  await (await cluster.leader()).stop();
  await jobs.put("a", { id: "1", unique: "untilDone", priority: 0 });
  const job = await jobs.get();
  await job.done("result");
  assertEquals(await jobs.result("1"), "result");
  await jobs.pause();
});

/** The code of the error that too few servers are there to keep a stream. */
const NO_PEERS = 10005;

/**
 * Waits until the servers make no stream that takes three of them. Returns false
 * if they still do: newer servers notice late that one is away.
 */
async function refusesStreams(port: number): Promise<boolean> {
  for (let i = 0; i < 50; i++) {
    const name = `PROBE_${i}`;
    const config = { name, subjects: [name], num_replicas: 3 };
    const create = `STREAM.CREATE.${name}`;
    const { error } = await askCluster(port, create, JSON.stringify(config));
    if (error?.err_code === NO_PEERS) return true;
    await sleep(100);
  }
  return false;
}

test("the first call that needs another stream waits for all servers of that", async () => {
  await using cluster = await Cluster.start(3);
  await using jobs = await open<string>(cluster, { connectTimeout });
  const { port } = cluster.servers[0]!;
  const away = cluster.servers[2]!;
  for (const stream of ["STATE", "RESULTS"]) { // a queue of older versions
    await askCluster(port, `STREAM.DELETE.${stream}_JOBS_test`);
  }
  await away.stop();
  const refused = await refusesStreams(port);
  const put = new Attempt(() =>
    jobs.put("a", { id: "1", unique: "untilDone" })
  );
  await jobs.put("b", { id: "2" });
  const done = new Attempt(async () => await (await jobs.get()).done("b"));
  if (refused) {
    await sleep(2000); // time for what must not happen
    assertEquals([put.outcome, done.outcome], ["pending", "pending"]);
  }
  await away.restart();
  await put.task;
  await done.task;
  assertEquals([put.outcome, done.outcome], ["value", "value"]);
  assertEquals(await jobs.result("2"), "b");
});

test("no job of a queue with a bound is lost while servers of a cluster are restarted", async () => {
  await using cluster = await Cluster.start(3);
  const options = {
    lease: 3000,
    maxAttempts: Infinity,
    maxSize: 20,
    connectTimeout,
  };
  await using producer = await open<number>(cluster, options);
  await using consumer = await open<number>(cluster, options);
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
  for (const server of [...cluster.servers, ...cluster.servers]) {
    await server.stop();
    await server.restart();
    const before = runs.size; // those of this one go on
    while (runs.size < before + 300) await sleep(100);
    await cluster.catchUp();
    await sleep(2000); // what else the servers keep follows
  }
  isEnough = true;
  await producers;
  await producer.join();
  assertEquals(await letters(producer), []);
  assertEquals(runs.size, count);
  worker.cancel();
  await worker.catch(() => {});
});
