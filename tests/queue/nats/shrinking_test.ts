/** Settings that are made smaller while there are jobs. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { LeaseLostError } from "@asyncio/asyncio/queue/jobs";
import { sleep, timeout } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { letters, take } from "../jobs/_place.ts";
import { askServer } from "./_admin.ts";
import { open } from "./_open.ts";
import { test } from "./_test_on_server.ts";

test("a maxSize that is smaller than what is there deletes nothing, and puts wait", async (server) => {
  await using jobs = await open<number>(server);
  for (let n = 0; n < 20; n++) await jobs.put(n);
  await using other = await open<number>(server, { maxSize: 3 });
  assertEquals(await other.size(), 20);
  const put = new Attempt((options) => other.put(20, options));
  for (let n = 0; n < 17; n++) {
    assertEquals(await take(other), n);
    assert(await other.size() < 20);
  }
  assertEquals(put.outcome, "pending"); // three are left
  assertEquals(await take(other), 17);
  await put.task;
  assertEquals(await other.size(), 3);
  assertEquals(await letters(other), []);
});

test("a smaller maxSize holds at once, also for processes that had the queue open", async (server) => {
  await using jobs = await open<number>(server);
  for (let n = 0; n < 5; n++) await jobs.put(n);
  await using other = await open<number>(server, { maxSize: 2 });
  const puts = Array.from(
    { length: 6 },
    (_, n) => new Attempt((options) => other.put(10 + n, options)),
  );
  for (let n = 0; n < 10; n++) {
    await take(other);
    assert(await other.size() <= Math.max(4 - n, 2));
  }
  for (const { outcome, task } of puts) {
    await task;
    assert(outcome !== "cancelled");
  }
});

test("a shorter lease takes no job from its holder", async (server) => {
  await using slow = await open<string>(server, { lease: 60_000 });
  await slow.put("a");
  const job = await slow.get();
  await using quick = await open<string>(server, { lease: 200 });
  const get = new Attempt((options) => quick.get(options));
  await sleep(700); // more than that lease, and what the servers add
  assertEquals([job.state, get.outcome], ["leased", "pending"]);
  await job.done();
  await quick.join();
  get.cancel();
  await get.task.catch(() => {});
});

test("a settlement of a job cannot meet one of a queue that was made again", async (server) => {
  await using jobs = await open<string>(server);
  await jobs.put("old");
  const old = await jobs.get();
  await askServer(server.port, "STREAM.DELETE.JOBS_test");
  await using again = await open<string>(server);
  await again.put("new");
  const job = await again.get();
  const settling = old.done().catch((error) => error);
  await sleep(300);
  assertEquals([job.value, await again.size()], ["new", 1]);
  await job.done();
  await jobs[Symbol.asyncDispose]();
  assert(await settling instanceof LeaseLostError);
});

test("a longer lease holds at once for a process that opens the queue with it", async (server) => {
  await using jobs = await open<string>(server, { lease: 200 });
  await jobs.put("a");
  await using patient = await open<string>(server, { lease: 60_000 });
  const job = await patient.get();
  await assertRejects(() => timeout(700, () => jobs.get()));
  assertEquals(job.state, "leased");
});
