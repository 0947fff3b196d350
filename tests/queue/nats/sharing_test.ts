import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { QueueShutDownError, schedule } from "@asyncio/asyncio/queue/jobs";
import { NatsError } from "@asyncio/asyncio/queue/nats";
import { createTask, run, sleep } from "@asyncio/asyncio/tasks";
import { letters, SHORT, take } from "../jobs/_place.ts";
import { askServer } from "./_admin.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

test("opening a queue later keeps the settings it does not name, and changes those it names", async () => {
  await using server = await NatsServer.start();
  {
    await using jobs = await open(server, {
      lease: 7000,
      maxAttempts: Infinity,
      maxSize: 3,
    });
    await jobs.put(1);
  }
  await using kept = await open(server);
  assertMatch(Deno.inspect(kept), /maxSize: 3/);
  const job = await kept.get();
  assertEquals(job.lease, 7000);
  await job.release();
  await using changed = await open(server, {
    lease: Infinity,
    maxAttempts: 1,
    maxSize: 0,
  });
  assertMatch(Deno.inspect(changed), /maxSize: Infinity/);
  const last = await changed.get();
  assertEquals(last.lease, Infinity);
  await last.retry(0, "no");
  assertEquals((await letters(changed)).length, 1);
});

test("a run that was due while no process had the queue open is skipped", async () => {
  await using server = await NatsServer.start();
  const every = 500;
  {
    await using jobs = await open<string>(server);
    await schedule(jobs, { name: "tick", every, value: "tick" });
  }
  await sleep(every + 50); // the first run is due meanwhile
  const opened = Date.now();
  await using jobs = await open<string>(server);
  const { id } = await jobs.get();
  const time = Date.parse(id.replace("tick@", ""));
  assert(time >= opened, `${time - opened} ms`);
});

test("a process that opens a paused queue hands out nothing until it is resumed", async () => {
  await using server = await NatsServer.start();
  {
    await using jobs = await open(server);
    await jobs.pause();
    await jobs.put(1);
  }
  for (let round = 0; round < 3; round++) {
    await using jobs = await open(server);
    const waiting = createTask(() => jobs.get(), { eager: true });
    await sleep(20);
    assertEquals([waiting.done, (await jobs.counts()).waiting], [false, 1]);
    if (round < 2) continue;
    await jobs.resume();
    await (await waiting).done();
  }
});

test("after a pause no process hands out a job that is put", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open(server);
  await using other = await open(server);
  for (let round = 0; round < 5; round++) {
    const waiting = createTask(() => jobs.get(), { eager: true });
    await other.pause();
    await jobs.put(round);
    await other.put(round);
    // A job that was on its way to the other process goes back.
    while (!waiting.done && (await other.counts()).waiting < 2);
    assertEquals(waiting.done, false);
    await other.resume();
    await (await waiting).done();
    await take(jobs);
  }
});

test("a stream of that name that is no queue of jobs is left alone", async () => {
  await using server = await NatsServer.start();
  const config = '{"name":"JOBS_test","subjects":["other"],"num_replicas":1}';
  await askServer(server.port, "STREAM.CREATE.JOBS_test", config);
  await assertRejects(
    () => open(server),
    NatsError,
    "no queue of jobs",
  );
  const { config: left } = await askServer(
    server.port,
    "STREAM.INFO.JOBS_test",
  );
  assertEquals(left.subjects, ["other"]);
});

test("a stream of another name that takes the queue's subject is an error", async () => {
  await using server = await NatsServer.start();
  const config = '{"name":"ALL","subjects":["jobs.>"],"num_replicas":1}';
  await askServer(server.port, "STREAM.CREATE.ALL", config);
  await assertRejects(
    () => open(server),
    NatsError,
    "subjects overlap",
  );
});

test("a window may be shorter than servers have it", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<number>(server, { window: 1 });
  await jobs.put(1, { id: "1" });
  while (await jobs.size() < 2) await jobs.put(2, { id: "1" });
});

test("many that open a new queue at once all get it", async () => {
  await using server = await NatsServer.start();
  const all = await Promise.all(
    Array.from(
      { length: 6 },
      (_, i) => open<number>(server, { lease: 60_000 * (i + 1) }),
    ),
  );
  for (const [i, jobs] of all.entries()) await jobs.put(i);
  for (const [i, jobs] of all.entries()) assertEquals(await take(jobs), i);
  for (const jobs of all) await jobs[Symbol.asyncDispose]();
});

test("queues of other names are other queues", async () => {
  await using server = await NatsServer.start();
  await using mails = await open<string>(server, { name: "mails" });
  await using others = await open<string>(server, { name: "mails_DEAD" });
  await mails.put("a");
  assertEquals([await mails.size(), await others.size()], [1, 0]);
});

test("the end of the run closes it", async () => {
  await using server = await NatsServer.start();
  const jobs = await run(async () => await open(server));
  await assertRejects(() => jobs.get(), QueueShutDownError);
});

test("a job that is too long for the servers is a RangeError", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<string>(server);
  await assertRejects(
    () => jobs.put("x".repeat(2 ** 20)),
    RangeError,
    "received 1048578",
  );
  await jobs.put("x".repeat(2 ** 20 - 7000));
  await (await jobs.get()).fail("ü".repeat(5000)); // fits, whatever the reason
  assertEquals((await letters(jobs)).length, 1);
});

test("what is noted of jobs that were given back goes with them", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<string>(server);
  const notes = async () =>
    (await askServer(server.port, "STREAM.INFO.RETURNED_JOBS_test")).state
      .messages;
  await jobs.put("a", { delay: SHORT }); // is given back, as it is not due
  await jobs.put("b");
  await (await jobs.get()).release();
  while (await notes() === 0) await jobs.size();
  for (const _ of "ab") {
    const job = await jobs.get();
    assertEquals(job.attempt, 1);
    await job.done();
  }
  while (await notes() > 0) await jobs.size();
});

test("a queue that an operator deletes is an error for the processes that use it", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<string>(server);
  const get = jobs.get();
  await jobs.size();
  await askServer(server.port, "STREAM.DELETE.JOBS_test");
  await assertRejects(() => get, NatsError, "no stream JOBS_test any more");
  await assertRejects(() => jobs.put("a"), NatsError, "stream not found");
  await assertRejects(() => jobs.size(), NatsError, "stream not found");
});

test("a put that waits for room is woken by another process", async () => {
  await using server = await NatsServer.start();
  await using one = await open<number>(server, { maxSize: 10 });
  await using other = await open<number>(server);
  const puts = createTask(async () => {
    for (let n = 0; n < 100; n++) await one.put(n);
  });
  const taken: number[] = [];
  for (let n = 0; n < 100; n++) {
    taken.push(await take(other));
    assert(await other.size() <= 10);
  }
  await puts;
  assertEquals(taken, Array.from({ length: 100 }, (_, n) => n));
});

test("dead letters are kept for years, if it is said", async () => {
  await using server = await NatsServer.start();
  const year = 365 * 24 * 3600 * 1000;
  await using _jobs = await open(server, { retention: { dead: year } });
  const { config } = await askServer(server.port, "STREAM.INFO.DEAD_JOBS_test");
  assertEquals(config.max_age, year * 1e6);
});

test("a job that is decoded when its queue is closed goes to another process at once", async () => {
  await using server = await NatsServer.start();
  const begun = Promise.withResolvers<void>();
  const decode = () => {
    begun.resolve();
    return new Promise<number>(() => {});
  };
  await using other = await open<number>(server);
  {
    await using jobs = await open<number>(server, { decode, lease: 60_000 });
    await jobs.put(1);
    const get = createTask(() => jobs.get(), { eager: true });
    await begun.promise;
    await jobs[Symbol.asyncDispose]();
    await assertRejects(async () => await get, QueueShutDownError);
  }
  const job = await other.get();
  assertEquals([job.value, job.attempt], [1, 1]);
});
