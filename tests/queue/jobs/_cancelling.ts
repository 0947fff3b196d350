/** Waits that are given up, and the end of all jobs. @module */
import { assertEquals, assertRejects } from "@std/assert";
import type { Job } from "@asyncio/asyncio/queue/jobs";
import {
  CancelledError,
  createTask,
  currentTask,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { type Define, take } from "./_place.ts";

/** Whatever is asked of a job. */
const WAYS = ["done", "retry", "release", "fail", "extend"] as const;

/** Defines the tests. */
export function testCancelling(test: Define): void {
  for (const giveUp of ["cancel", "abort"] as const) {
    test(`a put that is given up by ${giveUp} while the queue is full puts nothing`, async (place) => {
      await using jobs = await place.open<string>({ maxSize: 1 });
      await using other = await place.open<string>({ maxSize: 1 });
      await jobs.put("a", { id: "1" });
      const given = new Attempt((options) => jobs.put("no", options));
      const next = new Attempt((options) => jobs.put("b", options));
      const job = await jobs.get();
      given[giveUp]();
      await given.task;
      assertEquals(
        given.outcome,
        giveUp === "cancel" ? "cancelled" : "Aborted",
      );
      // A server takes what comes in order: what was on its way is refused by now.
      await jobs.size();
      await other.put("a", { id: "1" });
      await job.done();
      await next.task;
      assertEquals(await take(jobs), "b");
      assertEquals(await jobs.size(), 0);
    });

    test(`a get that is given up by ${giveUp} takes no job`, async (place) => {
      await using jobs = await place.open<string>();
      const given = new Attempt((options) => jobs.get(options));
      await jobs.size(); // its request is on its way
      given[giveUp]();
      await given.task;
      assertEquals(
        given.outcome,
        giveUp === "cancel" ? "cancelled" : "Aborted",
      );
      await jobs.put("a");
      const job = await jobs.get();
      assertEquals([job.value, job.attempt], ["a", 1]);
    });
  }

  test("wherever a get is cancelled, no job is lost, none is late, and none counts twice", async (place) => {
    await using jobs = await place.open<number>({ lease: 60_000 });
    const count = 60;
    const seen: [number, number][] = [];
    for (let n = 0; n < count; n++) {
      const attempt = new Attempt((options) => jobs.get(options));
      const put = jobs.put(n);
      for (let turn = n % 12; turn > 0; turn--) await sleep(0);
      attempt.cancel();
      await put;
      await attempt.task.catch(() => {});
      const job = attempt.outcome === "value"
        ? attempt.value as Job<number>
        : await jobs.get();
      seen.push([job.value, job.attempt]);
      await job.done();
    }
    assertEquals(seen, Array.from({ length: count }, (_, n) => [n, 1]));
    assertEquals(await jobs.size(), 0);
  });

  test("a cancel that is already due takes nothing and puts nothing", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a");
    const options = { signal: AbortSignal.abort(new Error("before")) };
    await assertRejects(() => jobs.get(options), Error, "before");
    await assertRejects(() => jobs.put("b", options), Error, "before");
    await assertRejects(() => jobs.size(options), Error, "before");
    await assertRejects(() => jobs.join(options), Error, "before");
    await assertRejects(
      () => jobs.deadLetters(options).next(),
      Error,
      "before",
    );
    const job = await jobs.get();
    assertEquals([job.attempt, await jobs.size()], [1, 1]);
  });

  test("settling is carried out, also when its wait is cancelled", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a");
    const job = await jobs.get();
    const settling = createTask(() => job.done(), { eager: true });
    settling.cancel();
    await settling.catch(() => {}); // or it was faster
    await jobs.join();
  });

  for (const how of WAYS) {
    test(`${how} is a cancellation point, and is carried out all the same`, async (place) => {
      await using jobs = await place.open<string>();
      await jobs.put("a");
      const job = await jobs.get();
      await createTask(async () => {
        currentTask()!.cancel();
        await assertRejects(() => job[how](undefined), CancelledError);
      });
      assertEquals(job.state, how === "extend" ? "leased" : "settled");
    });
  }

  test("join waits until nothing waits and nothing is leased", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.join(); // nothing was put
    await jobs.put("a");
    await jobs.put("b");
    const joined = new Attempt((options) => jobs.join(options));
    const given = new Attempt((options) => jobs.join(options));
    await take(jobs);
    const job = await jobs.get();
    assertEquals(await jobs.size(), 1);
    given.cancel();
    await given.task;
    assertEquals([joined.outcome, given.outcome], ["pending", "cancelled"]);
    await job.done();
    await joined.task;
    assertEquals(joined.outcome, "value");
  });

  test("an iteration takes jobs until the queue is closed", async (place) => {
    const jobs = await place.open<number>();
    for (let n = 0; n < 3; n++) await jobs.put(n);
    const seen: number[] = [];
    for await (const job of jobs) {
      seen.push(job.value);
      await job.done();
      if (seen.length === 3) {
        createTask(() => jobs[Symbol.asyncDispose]());
      }
    }
    assertEquals(seen, [0, 1, 2]);
  });

  test("leaving an iteration ends its step that waits, and leaves the queue open", async (place) => {
    await using jobs = await place.open<number>();
    const iterator = jobs[Symbol.asyncIterator]();
    const step = iterator.next();
    await jobs.size();
    assertEquals(await iterator.return!(), { done: true, value: undefined });
    assertEquals(await step, { done: true, value: undefined });
    assertEquals(await iterator.next(), { done: true, value: undefined });
    await jobs.put(1);
    assertEquals(await take(jobs), 1);
  });

  test("a step of an iteration can be cancelled, and the next one goes on", async (place) => {
    await using jobs = await place.open<number>();
    const iterator = jobs[Symbol.asyncIterator]();
    const step = createTask(() => iterator.next(), { eager: true });
    step.cancel();
    await assertRejects(async () => await step, CancelledError);
    await jobs.put(1);
    const { value } = await iterator.next();
    assertEquals([value?.value, value?.attempt], [1, 1]);
  });
}
