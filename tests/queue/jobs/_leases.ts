/** Leases, and what becomes of a job. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { LeaseLostError } from "@asyncio/asyncio/queue/jobs";
import { CancelledError, createTask, sleep } from "@asyncio/asyncio/tasks";
import {
  type Define,
  finish,
  KEPT,
  letters,
  SHORT,
  take,
  waysToSettle,
} from "./_place.ts";

/** A lease that runs out, as often as a busy machine makes it. */
const RUNS_OUT = { lease: SHORT, maxAttempts: Infinity };

/** The lease may run out before a job is settled, if the machine is busy. */
function unlessLost(error: unknown): void {
  if (!(error instanceof LeaseLostError)) throw error;
}

/** Defines the tests. */
export function testLeases(test: Define): void {
  test("a job that is not settled within the lease comes again, as its next attempt", async (place) => {
    await using jobs = await place.open<string>(RUNS_OUT);
    await jobs.put("a", { id: "1" });
    const first = await jobs.get();
    const second = await jobs.get();
    assertEquals([second.id, second.value], ["1", "a"]);
    assert(second.attempt > first.attempt);
    assertEquals(first.state, "lost");
    await finish(jobs, second);
    await jobs.join();
  });

  test("a holder that was too slow can do nothing to a job that has come again", async (place) => {
    await using jobs = await place.open<string>(RUNS_OUT);
    await jobs.put("a");
    const slow = await jobs.get();
    const job = await jobs.get();
    const message = `lease of ${SHORT} ms ran out`;
    for (const settle of waysToSettle(slow)) {
      await assertRejects(settle, LeaseLostError, message);
    }
    await assertRejects(() => slow.extend(), LeaseLostError);
    assertEquals(await jobs.size(), 1);
    assertEquals(await letters(jobs), []);
    await finish(jobs, job);
    assertEquals(await jobs.size(), 0);
  });

  test("a job is settled once", async (place) => {
    await using jobs = await place.open<number>();
    for (let way = 0; way < 4; way++) {
      await jobs.put(way);
      const job = await jobs.get();
      await waysToSettle(job)[way]!();
      assertEquals(job.state, "settled");
      for (const settle of waysToSettle(job)) {
        await assertRejects(settle, LeaseLostError, "settled already");
      }
      await assertRejects(() => job.extend(), LeaseLostError);
      if (way === 1 || way === 2) await take(jobs); // has come again
    }
  });

  test("an extended lease starts again", async (place) => {
    await using jobs = await place.open<string>({ lease: KEPT });
    for (const value of ["extended", "left"]) await jobs.put(value);
    const job = await jobs.get();
    await jobs.get();
    const extending = createTask(async () => {
      for (;; await sleep(KEPT / 20)) await job.extend();
    });
    const again = await jobs.get(); // a lease that began later has run out
    assertEquals([again.value, job.state], ["left", "leased"]);
    extending.cancel();
    await assertRejects(async () => await extending, CancelledError);
    await job.done();
    await finish(jobs, again);
    assertEquals([job.state, await jobs.size()], ["settled", 0]);
  });

  test("a retried job comes again before those that came after it", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b", "c"]) await jobs.put(value);
    const job = await jobs.get();
    await job.retry();
    const again = await jobs.get();
    assertEquals([again.value, again.attempt], ["a", 2]);
    assertEquals([await take(jobs), await take(jobs)], ["b", "c"]);
  });

  test("a job retried with a delay lets others go first", async (place) => {
    await using jobs = await place.open<string>({ lease: 60_000 });
    await jobs.put("a");
    await jobs.put("b");
    await (await jobs.get()).retry(60_000);
    assertEquals(await take(jobs), "b");
    assertEquals((await jobs.counts()).delayed, 1);
  });

  test("a job retried with a delay comes again as its next attempt", async (place) => {
    await using jobs = await place.open<string>({ lease: 60_000 });
    await jobs.put("a");
    await (await jobs.get()).retry(100);
    const again = await jobs.get();
    assertEquals([again.value, again.attempt], ["a", 2]);
  });

  test("a delay may be longer than the lease", async (place) => {
    await using jobs = await place.open<string>(RUNS_OUT);
    await jobs.put("a");
    await (await jobs.get()).retry(1.5 * SHORT).catch(unlessLost);
    const again = await jobs.get();
    assertEquals(again.value, "a");
    assert(again.attempt > 1);
  });

  test("a delay outlasts a lease that ran when it began", async (place) => {
    await using jobs = await place.open<string>(RUNS_OUT);
    for (const value of ["a", "b"]) await jobs.put(value);
    while ((await jobs.counts()).delayed === 0) {
      await (await jobs.get()).retry(60_000).catch(unlessLost);
    }
    const left = await jobs.get();
    const again = await jobs.get(); // a lease that began later has run out
    assertEquals(again.value, left.value);
    assertEquals((await jobs.counts()).delayed, 1);
  });

  test("a released job comes again at once, and that was no attempt", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 2 });
    await jobs.put("a");
    await jobs.put("b");
    for (let i = 0; i < 4; i++) {
      const job = await jobs.get();
      assertEquals([job.value, job.attempt], ["a", 1]);
      await job.release();
    }
    await (await jobs.get()).retry();
    for (let i = 0; i < 2; i++) {
      const job = await jobs.get();
      assertEquals([job.value, job.attempt], ["a", 2]);
      await job.release();
    }
    assertEquals(await letters(jobs), []);
  });
}
