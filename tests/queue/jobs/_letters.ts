/** Dead letters. @module */
import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { createTask, gather } from "@asyncio/asyncio/tasks";
import { type Define, letters, SHORT } from "./_place.ts";

/** Defines the tests. */
export function testLetters(test: Define): void {
  test("after its last attempt a retried job is a dead letter", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 2 });
    await jobs.put("a", { id: "1" });
    await (await jobs.get()).retry();
    await (await jobs.get()).retry(1000, new TypeError("no good"));
    await jobs.join();
    const [letter, ...others] = await letters(jobs);
    assertEquals(others, []);
    assertEquals(
      [letter?.id, letter?.value, letter?.attempts, letter?.reason],
      ["1", "a", 2, "given up after 2 attempts: TypeError: no good"],
    );
  });

  test("a job whose last lease runs out is a dead letter", async (place) => {
    await using jobs = await place.open<string>({
      maxAttempts: 2,
      lease: SHORT,
    });
    // A busy machine may lose a lease before it hands out the job.
    const taken: string[] = [];
    const taker = createTask(async () => {
      while (!taken.includes("b")) taken.push((await jobs.get()).value);
    });
    await jobs.put("a");
    await jobs.join();
    const [letter] = await letters(jobs);
    assertEquals(
      [letter?.value, letter?.attempts, letter?.reason],
      ["a", 2, "given up after 2 attempts: its lease ran out"],
    );
    await jobs.put("b");
    await taker;
    assert(taken.length <= 3, `taken: ${taken}`);
  });

  test("without a bound on attempts a job comes again and again", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: Infinity });
    await jobs.put("a");
    for (let attempt = 1; attempt <= 8; attempt++) {
      const job = await jobs.get();
      assertEquals(job.attempt, attempt);
      await job.retry();
    }
  });

  test("a failed job is a dead letter, with the reason", async (place) => {
    await using jobs = await place.open<string>();
    const before = Date.now();
    for (const reason of [new Error("kaputt\n%"), "no flour", undefined]) {
      await jobs.put("a");
      await (await jobs.get()).fail(reason);
    }
    assertEquals(await jobs.size(), 0);
    await jobs.join();
    const all = await letters(jobs);
    assertEquals(
      all.map(({ reason }) => reason),
      ["Error: kaputt\n%", "no flour", "undefined"],
    );
    assertEquals(all[0]!.attempts, 1);
    assertEquals(new TextDecoder().decode(all[0]!.data), '"a"');
    assert(Math.abs(all[0]!.date.getTime() - before) < 60_000);
    assertMatch(Deno.inspect(all[1]), /reason: "no flour"/);
  });

  test("what a program does with a dead letter's value and data does not change the job", async (place) => {
    await using jobs = await place.open<number[]>();
    await jobs.put([1, 2]);
    await (await jobs.get()).fail("no");
    const [letter] = await letters(jobs);
    letter!.value!.push(3);
    letter!.data.fill(0);
    letter!.date.setTime(0);
    await letter!.requeue();
    assertEquals((await jobs.get()).value, [1, 2]);
    assertEquals((await jobs.counts()).dead, 0);
  });

  test("of a long reason its first 500 characters are kept", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { id: "1" });
    await (await jobs.get()).fail("x".repeat(499) + "😀");
    const kept = "x".repeat(499) + "\ufffd";
    assertEquals((await letters(jobs))[0]!.reason, kept);
    await assertRejects(() => jobs.result("1"), Error, kept);
  });

  test("a dead letter can be put back, with its id and all its attempts", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 1 });
    await jobs.put("a", { id: "1" });
    await (await jobs.get()).fail("first");
    for (const letter of await letters(jobs)) {
      await letter.requeue();
      await letter.requeue(); // is not there any more
    }
    assertEquals(await letters(jobs), []);
    assertEquals(await jobs.size(), 1);
    const job = await jobs.get();
    assertEquals([job.id, job.value, job.attempt], ["1", "a", 1]);
    await job.fail("second");
    assertEquals((await letters(jobs)).map((it) => it.reason), ["second"]);
  });

  test("a dead letter that two put back at once is one job", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a");
    await (await jobs.get()).fail("dead");
    const [one] = await letters(jobs);
    const [same] = await letters(jobs);
    await gather([() => one!.requeue(), () => same!.requeue()]);
    assertEquals(await letters(jobs), []);
    assertEquals(await jobs.size(), 1);
  });

  test("a dead letter between others that two put back or drop at once is gone", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b", "c", "d"]) {
      await jobs.put(value);
      await (await jobs.get()).fail(value);
    }
    const [, b, c] = await letters(jobs);
    await gather([() => b!.requeue(), () => b!.requeue()]);
    await gather([() => c!.drop(), () => c!.drop()]);
    await b!.drop();
    const left = await letters(jobs);
    assertEquals(left.map(({ value }) => value), ["a", "d"]);
    assertEquals(await jobs.size(), 1);
  });

  test("a dead letter can be dropped, and the others stay", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b", "c"]) {
      await jobs.put(value);
      await (await jobs.get()).fail(value);
    }
    for await (const letter of jobs.deadLetters()) {
      if (letter.value === "b") await letter.drop();
    }
    const left = await letters(jobs);
    assertEquals(left.map(({ value }) => value), ["a", "c"]);
    await left[0]!.drop();
    await left[0]!.drop(); // harmless
    assertEquals((await letters(jobs)).length, 1);
  });

  test("dead letters are those that there are when they are asked for", async (place) => {
    await using jobs = await place.open<number>({ maxAttempts: 1 });
    for (let n = 0; n < 3; n++) await jobs.put(n);
    for (let n = 0; n < 3; n++) await (await jobs.get()).fail("first");
    let seen = 0;
    for await (const letter of jobs.deadLetters()) {
      seen++;
      await letter.requeue();
      await (await jobs.get()).fail("second");
    }
    assertEquals(seen, 3);
    assertEquals((await letters(jobs)).length, 3);
  });
}
