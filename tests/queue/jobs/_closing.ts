/** The end of a queue. @module */
import {
  assertEquals,
  assertInstanceOf,
  assertMatch,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  LeaseLostError,
  QueueShutDownError,
} from "@asyncio/asyncio/queue/jobs";
import { gather } from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { type Define, letters, waysToSettle } from "./_place.ts";

/** Defines the tests. */
export function testClosing(test: Define): void {
  test("closing ends every wait with QueueShutDownError, and takes jobs from their holders", async (place) => {
    const jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("a");
    const job = await jobs.get();
    const waits = [
      new Attempt((options) => jobs.get(options)),
      new Attempt((options) => jobs.put("b", options)),
      new Attempt((options) => jobs.put("c", options)),
      new Attempt((options) => jobs.join(options)),
    ];
    await jobs.size();
    await jobs[Symbol.asyncDispose]();
    await gather(waits.map(({ task }) => task));
    for (const { outcome } of waits) {
      assertEquals(outcome, "QueueShutDownError");
    }
    for (const settle of waysToSettle(job)) {
      await assertRejects(settle, LeaseLostError);
    }
    await jobs[Symbol.asyncDispose]();
  });

  test("a job that is leased when its queue is closed is lost, and its signal aborts", async (place) => {
    const jobs = await place.open<string>();
    await jobs.put("a");
    const job = await jobs.get();
    const { signal } = job;
    await jobs[Symbol.asyncDispose]();
    assertEquals([job.state, signal.aborted], ["lost", true]);
    assertInstanceOf(signal.reason, LeaseLostError);
    assertMatch(signal.reason.message, /queue was closed/);
  });

  test("a job whose settlement has begun when the queue is closed is settled", async (place) => {
    const jobs = await place.open<string>();
    for (const value of ["a", "b", "c"]) await jobs.put(value);
    const all = [await jobs.get(), await jobs.get(), await jobs.get()];
    const settling = [all[0]!.done(), all[1]!.done("kept"), all[2]!.fail("x")];
    const closing = jobs[Symbol.asyncDispose]();
    await gather([...settling, closing]);
    assertEquals(all.map(({ state }) => state), Array(3).fill("settled"));
  });

  test("whatever is asked of a closed queue is a QueueShutDownError", async (place) => {
    const jobs = await place.open<string>();
    await jobs[Symbol.asyncDispose]();
    await assertRejects(() => jobs.get(), QueueShutDownError);
    await assertRejects(() => jobs.size(), QueueShutDownError);
    await assertRejects(() => jobs.join(), QueueShutDownError);
    await assertRejects(() => jobs.deadLetters().next(), QueueShutDownError);
    const error = await assertRejects(() => jobs.put("a"), QueueShutDownError);
    assertStrictEquals(error.item, "a");
    const iterator = jobs[Symbol.asyncIterator]();
    assertEquals(await iterator.next(), { done: true, value: undefined });
  });

  test("a put that waits for room when the queue is closed gives the value back, a requeue the letter", async (place) => {
    const jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("dead");
    await (await jobs.get()).fail("x");
    await jobs.put("a");
    const [letter] = await letters(jobs);
    const puts = [jobs.put("b"), jobs.put("c"), letter!.requeue()].map((put) =>
      assertRejects(() => put, QueueShutDownError)
    );
    await jobs.size();
    await jobs[Symbol.asyncDispose]();
    const errors = await Promise.all(puts);
    assertEquals(errors.map(({ item }) => item), ["b", "c", letter]);
    assertEquals(new Set(errors.map(({ message }) => message)).size, 1);
  });

  test("console.log shows its state", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 7 });
    await jobs.put("a");
    await jobs.get();
    const waits = new Attempt((options) => jobs.get(options));
    assertMatch(Deno.inspect(jobs), /leased: 1,.* maxSize: 7,.* getters: 1/);
    waits.cancel();
    await waits.task;
  });
}
