/** The bound on a queue. @module */
import { assertEquals } from "@std/assert";
import type { DeadLetter, Jobs } from "@asyncio/asyncio/queue/jobs";
import { createTask, gather } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { type Define, letters, putsWait, take } from "./_place.ts";

/** Fills `jobs`, which has room for one, and gives a dead letter of it. */
async function filledBesideALetter(
  jobs: Jobs<string>,
): Promise<DeadLetter<string>> {
  await jobs.put("a");
  await (await jobs.get()).fail("dead");
  await jobs.put("b");
  const [letter] = await letters(jobs);
  return letter!;
}

/** Defines the tests. */
export function testBound(test: Define): void {
  test("a put waits while the queue is full of jobs that wait or are leased", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 2 });
    await jobs.put("a");
    await jobs.put("b");
    const put = new Attempt((options) => jobs.put("c", options));
    const job = await jobs.get();
    assertEquals([put.outcome, await jobs.size()], ["pending", 2]);
    await job.retry();
    assertEquals([put.outcome, await jobs.size()], ["pending", 2]);
    await (await jobs.get()).done();
    await put.task;
    assertEquals(put.outcome, "value");
    assertEquals([await take(jobs), await take(jobs)], ["b", "c"]);
  });

  test("an id that is there already is put without waiting for room, and once among those that wait", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("a", { id: "1" });
    await jobs.put("b", { id: "1" });
    const puts = [
      createTask(() => jobs.put("c", { id: "2" }), { eager: true }),
      createTask(() => jobs.put("d", { id: "2" }), { eager: true }),
    ];
    await putsWait(jobs, 2);
    assertEquals([await take(jobs), await take(jobs)], ["a", "c"]);
    await gather(puts);
    assertEquals(await jobs.size(), 0);
  });

  test("a dead letter makes room, and needs room to be put back", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("a");
    const put = jobs.put("b");
    await (await jobs.get()).fail("dead");
    await put;
    const [letter] = await letters(jobs);
    const back = new Attempt((options) => letter!.requeue(options));
    const job = await jobs.get();
    assertEquals([job.value, back.outcome], ["b", "pending"]);
    await job.done();
    await back.task;
    assertEquals(await take(jobs), "a");
  });

  test("a dead letter that two put back while the queue is full is one job", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    const letter = await filledBesideALetter(jobs);
    const back = [1, 2].map(() =>
      new Attempt((options) => letter.requeue(options))
    );
    assertEquals([await take(jobs), await take(jobs)], ["b", "a"]);
    for (const { task } of back) await task;
    assertEquals(await jobs.size(), 0);
  });

  test("a dead letter that could not be put back for want of room is still there", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    const letter = await filledBesideALetter(jobs);
    const back = new Attempt((options) => letter.requeue(options));
    back.cancel();
    await back.task;
    assertEquals(await take(jobs), "b");
    assertEquals((await letters(jobs)).map(({ value }) => value), ["a"]);
    assertEquals(await jobs.size(), 0);
  });

  test("puts that wait for room are let in in order of arrival", async (place) => {
    await using jobs = await place.open<number>({ maxSize: 1 });
    await jobs.put(0);
    const puts = [1, 2, 3, 4].map((n) => createTask(() => jobs.put(n)));
    await putsWait(jobs, 4);
    const taken: number[] = [];
    for (let n = 0; n <= 4; n++) taken.push(await take(jobs));
    await gather(puts);
    assertEquals(taken, [0, 1, 2, 3, 4]);
  });
}
