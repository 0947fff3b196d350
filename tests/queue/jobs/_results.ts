/** Results of jobs. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { work } from "@asyncio/asyncio/queue/jobs";
import { CancelledError, createTask, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { now } from "../../_helpers/now.ts";
import { type Define, end, SHORT } from "./_place.ts";

/** Defines the tests. */
export function testResults(test: Define): void {
  test("the result of a job is what its handler returned, before and after it is done", async (place) => {
    await using jobs = await place.open<number>();
    await jobs.put(7, { id: "square" });
    const early = new Attempt((options) => jobs.result("square", options));
    const worker = createTask(() => work(jobs, (n) => ({ square: n * n })));
    await early.task;
    assertEquals(early.value, { square: 49 });
    assertEquals(await jobs.result("square"), { square: 49 });
    await end(worker);
  });

  test("a job with an id of its own and no result has the result undefined", async (place) => {
    await using jobs = await place.open<number>();
    await jobs.put(1, { id: "1" });
    await (await jobs.get()).done();
    assertEquals(await jobs.result("1"), undefined);
  });

  test("what JSON cannot express is no result, and no failure", async (place) => {
    await using jobs = await place.open<number>();
    await jobs.put(1, { id: "1" });
    await (await jobs.get()).done(1n);
    assertEquals(await jobs.result("1"), undefined);
  });

  test("an unknown id is an error at once", async (place) => {
    await using jobs = await place.open<number>();
    await assertRejects(
      () => jobs.result("nothing"),
      Error,
      'Cannot wait for the result of job "nothing"',
    );
  });

  test("the result of a job that was given up is its reason", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 1 });
    await jobs.put("fails", { id: "1" });
    const early = jobs.result("1");
    early.catch(() => {});
    await (await jobs.get()).fail("no flour");
    await assertRejects(() => early, Error, "no flour");
    await assertRejects(() => jobs.result("1"), Error, "no flour");
  });

  test("the result of a job that is tried again is that of the attempt that is done", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { id: "1" });
    const result = new Attempt((options) => jobs.result("1", options));
    await (await jobs.get()).retry();
    await (await jobs.get()).done(2);
    await result.task;
    assertEquals(result.value, 2);
  });

  test("the result of a job that was cancelled or removed is a CancelledError", async (place) => {
    await using jobs = await place.open<string>();
    for (const how of ["cancel", "remove"] as const) {
      await jobs.put("a", { id: how });
      const early = jobs.result(how);
      early.catch(() => {});
      await sleep(20);
      assertEquals(await jobs[how](how), true);
      await assertRejects(() => early, CancelledError);
    }
  });

  test("a job that its own handler cancels is cancelled, although that ends the call", async (place) => {
    await using jobs = await place.open<string>();
    const worker = createTask(() =>
      work(jobs, async (_, { id }) => {
        await jobs.cancel(id);
        await sleep(60_000);
      })
    );
    await jobs.put("a", { id: "1" });
    await assertRejects(() => jobs.result("1"), CancelledError);
    await jobs.join();
    await assertRejects(() => jobs.result("1"), CancelledError);
    await end(worker);
  });

  test("a result is kept for as long as it is said", async (place) => {
    const retention = { done: SHORT };
    await using jobs = await place.open<string>({ retention });
    await jobs.put("a", { id: "1" });
    const start = now();
    await (await jobs.get()).done(1);
    const error = await assertRejects(async () => {
      for (;; await sleep(20)) assertEquals(await jobs.result("1"), 1);
    }, Error);
    assert(error.message.includes("no such job"), error.message);
    assert(now() - start >= SHORT - 5);
  });

  test("a wait for a result can be given up, and ends with the queue", async (place) => {
    const jobs = await place.open<string>();
    await jobs.put("a", { id: "1" });
    const waits = [1, 2].map(() =>
      new Attempt((options) => jobs.result("1", options))
    );
    waits[0]!.cancel();
    await waits[0]!.task.catch(() => {});
    await sleep(10);
    await jobs[Symbol.asyncDispose]();
    await waits[1]!.task;
    assertEquals(
      waits.map(({ outcome }) => outcome),
      ["cancelled", "QueueShutDownError"],
    );
  });
}
