/** Which job comes first. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Define, letters, SHORT, take } from "./_place.ts";
import { gather, sleep } from "@asyncio/asyncio/tasks";

/** Defines the tests. */
export function testPriorities(test: Define): void {
  test("the most urgent job is taken first, and in order of arrival within a priority", async (place) => {
    await using jobs = await place.open<string>();
    for (const priority of [3, 2, 0, 1] as const) {
      for (const n of [1, 2]) await jobs.put(`${priority} ${n}`, { priority });
    }
    await jobs.put("2 3"); // 2 is the default
    const taken: string[] = [];
    for (let i = 0; i < 9; i++) taken.push(await take(jobs));
    assertEquals(
      taken,
      ["0 1", "0 2", "1 1", "1 2", "2 1", "2 2", "2 3", "3 1", "3 2"],
    );
  });

  test("a job that is tried again keeps its priority and its place", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("low", { priority: 3 });
    await jobs.put("first", { priority: 1 });
    await jobs.put("second", { priority: 1 });
    await (await jobs.get()).retry();
    assertEquals(
      [await take(jobs), await take(jobs), await take(jobs)],
      ["first", "second", "low"],
    );
  });

  test("urgent jobs do not starve the others", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("patient", { priority: 3 });
    await jobs.put("urgent", { priority: 0 });
    let turns = 0;
    while (await take(jobs) === "urgent") {
      await jobs.put("urgent", { priority: 0 });
      assert(++turns < 40);
    }
  });

  test("priorities other than 0 to 3 are a RangeError", async (place) => {
    await using jobs = await place.open<string>();
    for (const priority of [-1, 4, 1.5, NaN, "1"]) {
      await assertRejects(
        () => jobs.put("a", { priority: priority as 1 }),
        RangeError,
      );
    }
    assertEquals(await jobs.size(), 0);
  });

  test("delayed jobs do not hold up one that is due", async (place) => {
    await using jobs = await place.open<number>();
    await jobs.putMany(
      Array.from({ length: 200 }, (_, value) => ({ value, delay: 60_000 })),
    );
    await jobs.put(-1);
    const job = await jobs.get();
    assertEquals([job.value, job.attempt], [-1, 1]);
  });

  test("delayed jobs come when they are due, the most urgent first", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("b", { delay: 60, priority: 3 });
    await jobs.put("a", { delay: 60, priority: 0 });
    await jobs.put("c", { delay: 60_000, priority: 0 });
    while ((await jobs.counts()).waiting < 2) await sleep(5); // a and b are due
    const taken = [];
    for (let i = 0; i < 2; i++) {
      const job = await jobs.get();
      taken.push(`${job.value} ${job.attempt}`);
      await job.done();
    }
    assertEquals([taken, await jobs.size()], [["a 1", "b 1"], 1]);
  });

  test("a delayed job that is due takes its place by arrival", async (place) => {
    await using jobs = await place.open<number>();
    let taken: number[] = [];
    // A process that stands still gives a job back, which then comes later.
    for (let round = 0; round < 20 && `${taken}` !== "1,2,3,4,5"; round++) {
      for (const value of [1, 2, 3, 4, 5]) {
        await jobs.put(value, value % 2 === 0 ? { delay: 20 } : {});
      }
      while ((await jobs.counts()).waiting < 5) await sleep(5);
      const all = await gather([1, 2, 3, 4, 5].map(() => () => jobs.get()));
      taken = all.map(({ value }) => value);
      for (const job of all) await job.done();
    }
    assertEquals(taken, [1, 2, 3, 4, 5]);
  });

  test("a due job that waits for those before it is not tried more often", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b", "c"]) await jobs.put(value);
    await jobs.put("due", { delay: 20 });
    while ((await jobs.counts()).waiting < 4) await sleep(5);
    const taken: string[] = [];
    for (let i = 0; i < 4; i++) {
      const job = await jobs.get();
      taken.push(`${job.value} ${job.attempt}`);
      await sleep(150); // it goes back meanwhile, for other processes
      await job.done();
    }
    assertEquals(taken.toSorted(), ["a 1", "b 1", "c 1", "due 1"]);
  });

  test("a job that is not begun in time is a dead letter", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("late", { expires: 30, id: "1" });
    await jobs.put("good", { expires: 60_000 });
    await sleep(60);
    const job = await jobs.get();
    assertEquals(job.value, "good");
    await job.done();
    await jobs.join();
    const [letter] = await letters(jobs);
    assertEquals([letter?.id, letter?.reason], ["1", "expired"]);
  });

  test("a job that is not taken in time is a dead letter as well", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("late", { expires: 30 });
    await jobs.put("delayed", { expires: 30, delay: 60_000 });
    await jobs.join();
    assertEquals(
      (await letters(jobs)).map(({ reason }) => reason),
      ["expired", "expired"],
    );
  });

  test("a job that was begun in time may be tried later", async (place) => {
    await using jobs = await place.open<string>();
    const begin = async () => {
      await jobs.put("a", { expires: SHORT });
      await jobs.put("b");
      return await jobs.get();
    };
    let job = await begin();
    while (job.value === "b") { // it was too late for the other
      await job.done();
      job = await begin();
    }
    await job.retry(1.1 * SHORT);
    assertEquals(await take(jobs), "b");
    const again = await jobs.get();
    assertEquals([again.value, again.attempt], ["a", 2]);
  });

  test("expires that is not more than 0 is a RangeError", async (place) => {
    await using jobs = await place.open<string>();
    for (const expires of [0, -1, NaN]) {
      await assertRejects(() => jobs.put("a", { expires }), RangeError);
    }
  });
}
