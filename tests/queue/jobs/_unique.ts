/** Jobs that are there once, and many at a time. @module */
import { assertEquals, assertRejects } from "@std/assert";
import { QueueShutDownError } from "@asyncio/asyncio/queue/jobs";
import {
  gather,
  moveOnAfter,
  sleep,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { type Define, putsWait, take } from "./_place.ts";

/** Defines the tests. */
export function testUnique(test: Define): void {
  const once = { id: "1", unique: "untilDone" } as const;

  test("a job that is unique until it is done is there once, waiting or leased", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", once);
    await jobs.put("b", once);
    assertEquals(await jobs.size(), 1);
    const job = await jobs.get();
    await jobs.put("c", once);
    assertEquals(await jobs.size(), 1);
    await job.retry(60_000); // delayed
    await jobs.put("d", once);
    assertEquals(await jobs.size(), 1);
  });

  test("its id is free when it is done, or dead", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", once);
    assertEquals(await take(jobs), "a");
    await jobs.put("b", once);
    await (await jobs.get()).fail("no");
    await jobs.put("c", once);
    assertEquals(await take(jobs), "c");
    assertEquals(await jobs.size(), 0);
  });

  test("a dead letter takes its id again when it is put back", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", once);
    await (await jobs.get()).fail("no");
    for await (const letter of jobs.deadLetters()) await letter.requeue();
    await jobs.put("b", once);
    assertEquals(await jobs.size(), 1);
    assertEquals(await take(jobs), "a");
    await jobs.put("c", once);
    assertEquals(await take(jobs), "c");
  });

  test("it stays a dead letter while its id is taken", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b"]) {
      await jobs.put(value, once);
      await (await jobs.get()).fail("no");
    }
    for await (const letter of jobs.deadLetters()) await letter.requeue();
    assertEquals(await jobs.counts(), {
      waiting: 1,
      delayed: 0,
      leased: 0,
      dead: 1,
    });
    assertEquals(await take(jobs), "a");
    for await (const letter of jobs.deadLetters()) await letter.requeue();
    assertEquals(await take(jobs), "b");
  });

  test("of many that put it at once, one is put", async (place) => {
    await using jobs = await place.open<number>();
    await gather(
      Array.from({ length: 20 }, (_, n) => () => jobs.put(n, once)),
    );
    assertEquals(await jobs.size(), 1);
  });

  test("putMany puts in order, and skips what is there", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.putMany([
      { value: "a" },
      { value: "b", id: "b" },
      { value: "skipped", id: "b" },
      { value: "c" },
      { value: "urgent", priority: 0 },
    ]);
    assertEquals(await jobs.size(), 4);
    const taken = [];
    for (let i = 0; i < 4; i++) taken.push(await take(jobs));
    assertEquals(taken, ["urgent", "a", "b", "c"]);
  });

  test("putMany keeps the order whatever a job takes to be put", async (place) => {
    await using jobs = await place.open<string>({
      encode: (value) => value === "a" ? sleep(20, { result: value }) : value,
      decode: (data) => new TextDecoder().decode(data),
    });
    await jobs.putMany([
      { value: "a" },
      { value: "b", id: "1", unique: "untilDone" },
      { value: "skipped", id: "1", unique: "untilDone" },
      { value: "c" },
    ]);
    const taken = [];
    for (let i = 0; i < 3; i++) taken.push(await take(jobs));
    assertEquals(taken, ["a", "b", "c"]);
    assertEquals(await jobs.size(), 0);
  });

  test("putMany waits for room, and what was put before it is given up stays", async (place) => {
    await using jobs = await place.open<number>({ maxSize: 2 });
    const put = new Attempt((options) =>
      jobs.putMany([1, 2, 3, 4].map((value) => ({ value })), options)
    );
    assertEquals(await take(jobs), 1);
    const second = await jobs.get();
    while (await jobs.size() < 2);
    assertEquals(put.outcome, "pending");
    put.cancel();
    await put.task.catch(() => {});
    await second.done();
    assertEquals(await take(jobs), 3);
    // One that was on its way to another machine may have arrived.
    if (!place.shared) assertEquals(await jobs.size(), 0);
  });

  test("putMany that was handed to waitFor puts no more when the time is up", async (place) => {
    await using jobs = await place.open<number>({ maxSize: 1 });
    const list = [1, 2, 3].map((value) => ({ value }));
    await assertRejects(() => waitFor(jobs.putMany(list), 100), TimeoutError);
    const taken: (number | undefined)[] = [];
    do taken.push(await moveOnAfter(150, () => take(jobs))); while (
      taken.at(-1) !== undefined
    );
    // One that was on its way to another machine may have arrived.
    assertEquals(taken.includes(3), false);
  });

  test("putMany of a list that fails waits for the jobs before", async (place) => {
    await using jobs = await place.open<unknown>();
    const list = function* () {
      yield { value: "a" };
      yield { value: undefined }; // cannot be encoded
      throw new Error("the list fails");
    };
    await assertRejects(() => jobs.putMany(list()), TypeError);
    assertEquals(await jobs.size(), 1);
  });

  test("putMany stops at the first job that cannot be put", async (place) => {
    const jobs = await place.open<number>();
    const bad = { value: 2, priority: 7 as 1 };
    await assertRejects(
      () => jobs.putMany([{ value: 1 }, bad, { value: 3 }]),
      RangeError,
    );
    assertEquals(await jobs.size(), 1);
    await jobs[Symbol.asyncDispose]();
    await assertRejects(
      () => jobs.putMany([{ value: 1 }]),
      QueueShutDownError,
    );
  });

  test("a put of an id that waits for room ends when that id is put", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("in the way");
    const puts = ["first", "second"].map((value) =>
      new Attempt((options) => jobs.put(value, { ...options, id: "1" }))
    );
    await putsWait(jobs, 2);
    await take(jobs);
    await gather(puts.map(({ task }) => task));
    assertEquals(await take(jobs), "first");
    assertEquals(await jobs.size(), 0);
  });
}
