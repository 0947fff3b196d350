import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Job, LeaseLostError, work } from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import {
  createTask,
  gather,
  isCancelled,
  sleep,
  timeout,
  type WaitOptions,
} from "@asyncio/asyncio/tasks";
import { letters, SHORT, take } from "../jobs/_place.ts";
import { askServer } from "./_admin.ts";
import { ignore, NatsServer } from "./_nats_server.ts";
import { open } from "./_open.ts";
import { asCluster, Proxy } from "./_proxy.ts";

function test(what: string, fn: () => Promise<void>): void {
  Deno.test({ name: `natsJobs: ${what}`, ignore, fn });
}

/** A server that is killed may not have stored what it has handed out, one that is stopped has. */
async function storeHandedOut(server: NatsServer): Promise<void> {
  await server.stop();
  await server.restart();
}

test("what was put survives a crash of the server, and waits go on", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<string>(server);
  await using other = await open<string>(server);
  const get = other.get();
  await server.kill();
  const put = jobs.put("a", { id: "1" });
  const size = jobs.size();
  await server.restart();
  await put;
  await size;
  const job = await get;
  assertEquals([job.value, job.attempt], ["a", 1]);
  await jobs.put("again", { id: "1" });
  await storeHandedOut(server);
  await server.kill();
  await server.restart();
  await job.done();
  await jobs.put("b");
  assertEquals(await take(other), "b");
  await jobs.join();
});

test("a job is settled across a lost connection, within its lease", async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  for (const value of ["done", "retry", "release", "fail"]) {
    await jobs.put(value);
  }
  const all: Job<string>[] = [];
  for (let i = 0; i < 4; i++) all.push(await jobs.get());
  proxy.cut();
  await gather([
    all[0]!.done(),
    all[1]!.retry(),
    all[2]!.release(),
    all[3]!.fail("x"),
  ]);
  const again = [await jobs.get(), await jobs.get()];
  assertEquals(
    again.map(({ value, attempt }) => `${value} ${attempt}`).toSorted(),
    ["release 1", "retry 2"],
  );
  assertEquals(await jobs.size(), 2);
  assertEquals((await letters(jobs)).length, 1);
});

test("a put whose answer is lost with the connection is put once", async () => {
  await using server = await NatsServer.start();
  await using direct = await open<string>(server);
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  for (let n = 1; n <= 3; n++) {
    proxy.deaf = true;
    const put = jobs.put("a"); // without an id of the user's
    while (await direct.size() < n); // it is there, and the client does not know
    proxy.cut();
    proxy.deaf = false;
    await put;
    assertEquals(await direct.size(), n);
  }
});

test("a dead letter whose answer is lost is one letter, and no job", async () => {
  await using server = await NatsServer.start();
  await using direct = await open<string>(server);
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  await jobs.put("a");
  const job = await jobs.get();
  proxy.deaf = true;
  const failing = job.fail("x");
  while ((await letters(direct)).length === 0);
  proxy.cut();
  proxy.deaf = false;
  await failing;
  assertEquals([(await letters(direct)).length, await direct.size()], [1, 0]);
});

test("a job is done once, also where the confirmation is lost with the connection", async () => {
  await using server = await NatsServer.start();
  await using direct = await open<string>(server);
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy);
  for (const value of ["a", "b"]) await jobs.put(value);
  const all = [await jobs.get(), await jobs.get()];
  proxy.deaf = true;
  const waiting = all[0]!.done();
  const givenUp = createTask(() => all[1]!.done(), { eager: true });
  givenUp.cancel();
  while (await direct.size() > 0); // both are done, and the client does not know
  proxy.cut();
  proxy.deaf = false;
  await waiting;
  assert(await givenUp.catch(isCancelled));
  assertEquals(all.map(({ state }) => state), ["settled", "settled"]);
});

test("a job that is done while the server is away is done when it is back", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<string>(server);
  await jobs.put("a");
  const job = await jobs.get();
  await storeHandedOut(server);
  await server.kill();
  const done = job.done();
  await server.restart();
  await done;
  assertEquals(await jobs.size(), 0);
});

test("a job that is done while the server is away is lost at the end of its lease", async () => {
  await using server = await NatsServer.start();
  await using jobs = await open<string>(server, { lease: 400 });
  await jobs.put("a");
  const job = await jobs.get();
  await server.kill();
  await assertRejects(() => job.done(), LeaseLostError);
  assertEquals(job.state, "lost");
  await server.restart();
  assertEquals((await jobs.get()).value, "a");
});

test("a job that is released is free at once, also where the first answer is lost", async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy, { lease: 600_000 });
  await jobs.put("a");
  const job = await jobs.get();
  proxy.deaf = true;
  const releasing = job.release();
  const notes = () => askServer(server.port, "STREAM.INFO.RETURNED_JOBS_test");
  while ((await notes()).state.messages === 0); // it is noted, and the client does not know
  proxy.cut();
  proxy.deaf = false;
  await releasing;
  const again = await timeout(60_000, () => jobs.get());
  assertEquals([again.value, again.attempt], ["a", 1]);
});

test("a get goes on after the connection was cut, again and again", async () => {
  await using server = await NatsServer.start();
  await using direct = await open<number>(server);
  await using proxy = new Proxy(server.port);
  await using jobs = await open<number>(proxy);
  for (let n = 0; n < 3; n++) {
    const get = jobs.get();
    await jobs.size();
    proxy.cut();
    await jobs.size(); // it is connected again
    await direct.put(n);
    const job = await get;
    assertEquals([job.value, job.attempt], [n, 1]);
    await job.done();
  }
});

test("a handler is cancelled when its lease cannot be extended, and the job comes again", async () => {
  await using server = await NatsServer.start();
  const options = { lease: SHORT, maxAttempts: Infinity };
  await using jobs = await open<string>(server, options);
  const log: string[] = [];
  const started = new Event();
  const lost = new Event();
  const worker = createTask(() =>
    work(jobs, async () => {
      log.push("start");
      if (started.isSet) return;
      started.set();
      try {
        await sleep(Infinity);
      } catch (error) {
        log.push("cancelled");
        throw error;
      }
    }, {
      onError(error) {
        log.push((error as Error).name);
        lost.set();
      },
    })
  );
  await jobs.put("a");
  await started.wait();
  await server.kill();
  await lost.wait();
  await server.restart();
  await jobs.join();
  // A busy machine may lose the lease of the next attempt, too.
  const first = log.slice(0, 4);
  assertEquals(first, ["start", "cancelled", "LeaseLostError", "start"]);
  worker.cancel();
  await worker.catch(() => {});
});

test("an answer that comes too late is not sent when the connection is back", async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  await using jobs = await open<string>(proxy, { lease: 400 });
  await jobs.put("a");
  const job = await jobs.get();
  proxy.deaf = true; // the answer is not heard, nor a redelivery
  await assertRejects(
    () => job.extend().then(() => job.extend()),
    LeaseLostError,
  );
  assertEquals(job.state, "lost");
  await assertRejects(() => job.done(), LeaseLostError);
  proxy.cut();
  proxy.deaf = false;
  const again = await jobs.get();
  assert(again.attempt > 1);
  assertEquals(await jobs.size(), 1);
});

test("a cluster that does not know its streams for a moment is asked again", async () => {
  await using server = await NatsServer.start();
  await using proxy = new Proxy(server.port);
  proxy.lie = asCluster;
  await using jobs = await open<string>(proxy, { replicas: 1 });
  await jobs.put("a");
  const asked: ((options?: WaitOptions) => Promise<unknown>)[] = [
    (options) => jobs.size(options),
    (options) => jobs.deadLetters(options).next(),
  ];
  for (const ask of asked) {
    let answers = 0;
    proxy.lie = (said) => {
      const lie = unknowing(said);
      return lie === said || ++answers > 2 ? said : lie; // or it is no answer
    };
    await ask();
    assert(answers > 2);
  }
});

/** Says that there is no such stream. */
function unknowing(said: string): string {
  const error = { code: 404, err_code: 10059, description: "stream not found" };
  return said.replace(
    /\{"type":"io.nats.jetstream.api.v1.stream_info_response".*/,
    (found) => JSON.stringify({ error }).padEnd(found.length),
  );
}
