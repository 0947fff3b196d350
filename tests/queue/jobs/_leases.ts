/** Leases, and what becomes of a job. @module */
import { assertEquals, assertRejects } from "@std/assert";
import { LeaseLostError } from "@asyncio/asyncio/queue/jobs";
import { type Define, letters, SHORT, take, waysToSettle } from "./_place.ts";

/** Defines the tests. */
export function testLeases(test: Define): void {
  test("a job that is not settled within the lease comes again, as its next attempt", async (place) => {
    await using jobs = await place.open<string>({ lease: SHORT });
    await jobs.put("a", { id: "1" });
    const first = await jobs.get();
    const second = await jobs.get();
    assertEquals([second.id, second.value, second.attempt], ["1", "a", 2]);
    assertEquals(first.state, "lost");
    await second.done();
    await jobs.join();
  });

  test("who was too slow can do nothing to a job that has come again", async (place) => {
    await using jobs = await place.open<string>({ lease: SHORT });
    await jobs.put("a");
    const slow = await jobs.get();
    const job = await jobs.get();
    for (const settle of waysToSettle(slow)) {
      await assertRejects(settle, LeaseLostError, "lease of 400 ms ran out");
    }
    await assertRejects(() => slow.extend(), LeaseLostError);
    assertEquals(await jobs.size(), 1);
    assertEquals(await letters(jobs), []);
    await job.done();
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
    await using jobs = await place.open<string>({ lease: 800 });
    await jobs.put("long");
    const job = await jobs.get();
    for (let i = 0; i < 5; i++) {
      await jobs.put("short", { delay: 250 });
      await take(jobs); // not the long one again
      await job.extend();
    }
    await job.done();
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
    await (await jobs.get()).retry(300);
    assertEquals(await take(jobs), "b");
    const again = await jobs.get();
    assertEquals([again.value, again.attempt], ["a", 2]);
  });

  test("a delay may be longer than the lease", async (place) => {
    await using jobs = await place.open<string>({ lease: SHORT });
    await jobs.put("a");
    await (await jobs.get()).retry(3 * SHORT);
    await jobs.put("b");
    const second = await jobs.get();
    assertEquals(second.value, "b");
    await second.done();
    const again = await jobs.get();
    assertEquals([again.value, again.attempt], ["a", 2]);
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
