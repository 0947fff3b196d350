/** Delays, and ids that are put once. @module */
import { assert, assertEquals } from "@std/assert";
import { createTask, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { type Define, take } from "./_place.ts";

/** Defines the tests. */
export function testPutting(test: Define): void {
  test("a delayed job lets others go first", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("later", { delay: 60_000 });
    await jobs.put("now");
    assertEquals(await jobs.size(), 2);
    assertEquals(await take(jobs), "now");
    assertEquals(await jobs.size(), 1);
  });

  test("the first attempt of a delayed job is its first", async (place) => {
    await using jobs = await place.open<string>({ lease: 60_000 });
    await jobs.put("later", { delay: 300 });
    const job = await jobs.get();
    assertEquals([job.value, job.attempt], ["later", 1]);
    await job.retry();
    assertEquals((await jobs.get()).attempt, 2);
  });

  test("a delay that is over before the first get changes nothing", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { delay: 1 });
    await sleep(5);
    await jobs.put("b");
    assertEquals([await take(jobs), await take(jobs)], ["a", "b"]);
  });

  test("a job that is delayed for ever is never due, and can be cancelled", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("put", { id: "1", delay: Infinity });
    await jobs.put("retried", { id: "2" });
    await (await jobs.get()).retry(Infinity);
    const get = new Attempt((options) => jobs.get(options));
    await sleep(50);
    const { waiting, delayed } = await jobs.counts();
    assertEquals([get.outcome, waiting, delayed], ["pending", 0, 2]);
    for await (const { id, due } of jobs.list("delayed")) {
      assert(due!.getTime() > Date.now());
      assertEquals(await jobs.cancel(id), true);
    }
    await jobs.put("now");
    await get.task;
    assertEquals((get.value as { value: string }).value, "now");
  });

  test("join waits for delayed jobs, too", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { delay: 100 });
    let over = false;
    const joined = createTask(async () => {
      await jobs.join();
      over = true;
    });
    const job = await jobs.get();
    assertEquals(over, false);
    await job.done();
    await joined;
  });

  test("the same id is put once, whether its job waits, is leased, done or dead", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { id: "1" });
    await jobs.put("b", { id: "1" });
    assertEquals(await jobs.size(), 1);
    const job = await jobs.get();
    assertEquals(job.value, "a");
    await jobs.put("c", { id: "1" });
    await job.done();
    await jobs.put("d", { id: "1" });
    assertEquals(await jobs.size(), 0);
    await jobs.put("e", { id: "2" });
    await (await jobs.get()).fail("dead");
    await jobs.put("f", { id: "2" });
    assertEquals(await jobs.size(), 0);
  });

  test("after the window an id may be put again", async (place) => {
    await using jobs = await place.open<string>({ window: 200 });
    await jobs.put("a", { id: "1" });
    await take(jobs);
    for (; await jobs.size() === 0; await sleep(10)) {
      await jobs.put("b", { id: "1" });
    }
    assertEquals(await take(jobs), "b");
  });
}
