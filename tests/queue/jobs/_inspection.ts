/** Looking into a queue, and taking jobs out of it. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type JobInfo,
  type Jobs,
  LeaseLostError,
  QueueShutDownError,
  type StoredJobState,
} from "@asyncio/asyncio/queue/jobs";
import {
  CancelledError,
  createTask,
  moveOnAfter,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../../_helpers/attempt.ts";
import { now } from "../../_helpers/now.ts";
import { type Define, letters, SHORT, take } from "./_place.ts";

function listed<T>(
  jobs: Jobs<T>,
  state: StoredJobState,
): Promise<JobInfo<T>[]> {
  return Array.fromAsync(jobs.list(state));
}

/** Defines the tests. */
export function testInspection(test: Define): void {
  test("the counts say how many jobs are in each state", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["dead", "leased", "retried", "waiting", "urgent"]) {
      await jobs.put(value, { priority: value === "urgent" ? 1 : 2 });
    }
    await jobs.put("delayed", { delay: 60_000 });
    const urgent = await jobs.get();
    const [dead, , retried] = [
      await jobs.get(),
      await jobs.get(),
      await jobs.get(),
    ];
    await dead.fail("no");
    await retried.retry(60_000);
    await urgent.release();
    assertEquals(
      await jobs.counts(),
      { waiting: 2, delayed: 2, leased: 1, dead: 1 },
    );
    assertEquals(await jobs.size(), 5);
  });

  test("the list of those that wait is in the order in which they are taken", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("c", { id: "3" });
    await jobs.put("b", { id: "2", priority: 1, key: "k" });
    await jobs.put("a", { id: "1", priority: 0 });
    assertEquals(await listed(jobs, "waiting"), [
      { id: "1", value: "a", state: "waiting", attempt: 0, priority: 0 },
      {
        id: "2",
        value: "b",
        state: "waiting",
        attempt: 0,
        priority: 1,
        key: "k",
      },
      { id: "3", value: "c", state: "waiting", attempt: 0, priority: 2 },
    ]);
    assertEquals(await take(jobs), "a"); // nothing was taken by looking
  });

  test("the list of delayed jobs tells when they are due", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("later", { delay: 60_000 });
    await jobs.put("soon", { delay: 30_000 });
    const all = await listed(jobs, "delayed");
    assertEquals(all.map(({ value }) => value), ["soon", "later"]);
    for (const [i, { due, state }] of all.entries()) {
      assertEquals(state, "delayed");
      const ms = due!.getTime() - Date.now();
      assert(ms > 0 && ms <= 30_000 * (i + 1));
    }
  });

  test("the list of leased jobs has their attempt and progress", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { id: "1" });
    await (await jobs.get()).retry();
    const job = await jobs.get();
    await job.report(0.5);
    await job.report({ rows: 10 });
    const [info] = await listed(jobs, "leased");
    assertEquals(info, {
      id: "1",
      value: "a",
      state: "leased",
      attempt: 2,
      priority: 2,
      progress: { rows: 10 },
    });
    await job.done();
    await assertRejects(() => job.report(1), LeaseLostError);
    assertEquals(await listed(jobs, "leased"), []);
  });

  test("the list of dead jobs stands beside their letters", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { id: "1", priority: 1 });
    await (await jobs.get()).fail("no");
    const [info] = await listed(jobs, "dead");
    assertEquals(info, {
      id: "1",
      value: "a",
      state: "dead",
      attempt: 1,
      priority: 1,
    });
  });

  test("a list goes on after a step that was cancelled", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b", "c"]) await jobs.put(value);
    const list = jobs.list("waiting");
    const found: string[] = [];
    for (let turns = 0; turns < 3; turns++) {
      const step = createTask(() => list.next());
      for (let i = 0; i < turns; i++) await sleep(0);
      step.cancel();
      try {
        found.push((await step).value.value);
      } catch (error) {
        if (!(error instanceof CancelledError)) throw error;
      }
    }
    for await (const { value } of list) found.push(value!);
    assertEquals(found, ["a", "b", "c"]);
  });

  test("steps of a list that are asked for at once come one after the other", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b"]) await jobs.put(value, { priority: 1 });
    await (await jobs.get()).fail("no");
    await (await jobs.get()).fail("no");
    for (const value of ["a", "b"]) await jobs.put(value);
    for (
      const list of [
        jobs.list("waiting"),
        jobs.list("dead"),
        jobs.deadLetters(),
      ]
    ) {
      const steps = [list.next(), list.next(), list.next()];
      const values = (await Promise.all(steps)).map((it) => it.value?.value);
      assertEquals(values, ["a", "b", undefined]);
    }
  });

  test("a list that was left gives nothing more", async (place) => {
    await using jobs = await place.open<string>();
    for (const value of ["a", "b"]) await jobs.put(value);
    const list = jobs.list("waiting");
    assertEquals((await list.next()).value.value, "a");
    await list.return!();
    assertEquals(await list.next(), { done: true, value: undefined });
  });

  test("a state that is none of the four is a TypeError", async (place) => {
    await using jobs = await place.open<string>();
    await assertRejects(
      async () => await listed(jobs, "done" as "dead"),
      TypeError,
    );
  });

  test("a waiting, a delayed and a dead job can be removed, a leased one cannot", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("leased", { id: "leased" });
    const leased = await jobs.get();
    await jobs.put("waiting", { id: "waiting" });
    await jobs.put("delayed", { id: "delayed", delay: 60_000 });
    assertEquals(
      [
        await jobs.remove("waiting"),
        await jobs.remove("waiting"),
        await jobs.remove("delayed"),
        await jobs.remove("leased"),
        await jobs.remove("unknown"),
      ],
      [true, false, true, false, false],
    );
    assertEquals(await jobs.size(), 1);
    await leased.fail("no");
    assertEquals(await jobs.remove("leased"), true);
    assertEquals(await letters(jobs), []);
    await jobs.join();
  });

  test("a removed job makes room", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    await jobs.put("a", { id: "a" });
    const put = new Attempt((options) => jobs.put("b", options));
    assertEquals(await jobs.remove("a"), true);
    await put.task;
    assertEquals(await take(jobs), "b");
  });

  test("a cancelled job is lost to its holder, and is no dead letter", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { id: "1" });
    const job = await jobs.get();
    const { signal } = job;
    assertEquals(signal.aborted, false);
    assertEquals(await jobs.cancel("1"), true);
    assertEquals([job.state, signal.aborted], ["lost", true]);
    assert(signal.reason instanceof LeaseLostError);
    await assertRejects(() => job.done(), LeaseLostError, "it was cancelled");
    assertEquals(await jobs.cancel("1"), false);
    await jobs.join();
    assertEquals(await letters(jobs), []);
  });

  test("a job that waits, or is delayed, can be cancelled as well", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a", { id: "a" });
    await jobs.put("b", { id: "b", delay: 60_000 });
    assertEquals(
      [await jobs.cancel("a"), await jobs.cancel("b"), await jobs.cancel("c")],
      [true, true, false],
    );
    await jobs.join();
  });

  test("a get that has come past cancelled jobs waits for the next one", async (place) => {
    await using jobs = await place.open<string>();
    for (const id of ["a", "b", "c"]) await jobs.put(id, { id });
    for (const id of ["a", "b"]) assertEquals(await jobs.cancel(id), true);
    assertEquals(await take(jobs), "c");
    const next = take(jobs);
    await jobs.put("d");
    assertEquals(await next, "d");
  });

  test("an id that is no text is a TypeError", async (place) => {
    await using jobs = await place.open<string>();
    for (const ask of [jobs.remove, jobs.cancel, jobs.result]) {
      for (const id of ["", undefined, 1]) {
        await assertRejects(
          () => ask.call(jobs, id as string) as Promise<unknown>,
          TypeError,
        );
      }
    }
  });

  test("a paused queue hands out nothing, and takes jobs in", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("a");
    await jobs.put("b");
    const running = await jobs.get();
    await jobs.pause();
    const get = new Attempt((options) => jobs.get(options));
    await jobs.put("c", { priority: 0 });
    await running.done(); // goes on
    await sleep(50);
    assertEquals([get.outcome, await jobs.size()], ["pending", 2]);
    await jobs.resume();
    await get.task;
    assertEquals((get.value as { value: string }).value, "c");
    assertEquals(await take(jobs), "b");
  });

  test("a queue can be paused twice, and resumed although it runs", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.resume();
    await jobs.pause();
    await jobs.pause();
    await jobs.put("a");
    assertEquals(await moveOnAfter(50, () => jobs.get()), undefined);
    await jobs.resume();
    assertEquals(await take(jobs), "a");
  });

  test("a closed queue cannot be looked into", async (place) => {
    const jobs = await place.open<string>();
    await jobs[Symbol.asyncDispose]();
    const asked: (() => Promise<unknown>)[] = [
      () => jobs.counts(),
      () => jobs.list("waiting").next(),
      () => jobs.remove("1"),
      () => jobs.cancel("1"),
      () => jobs.result("1"),
      () => jobs.pause(),
      () => jobs.resume(),
    ];
    for (const ask of asked) await assertRejects(ask, QueueShutDownError);
  });

  test("dead letters are kept for as long as it is said", async (place) => {
    const retention = { dead: SHORT };
    await using jobs = await place.open<string>({ retention });
    await jobs.put("a");
    const start = now();
    await (await jobs.get()).fail("no");
    while ((await letters(jobs)).length > 0) await sleep(20);
    assert(now() - start >= SHORT - 5);
    assertEquals((await jobs.counts()).dead, 0);
  });
}
