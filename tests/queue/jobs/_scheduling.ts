/** Schedules. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Job, schedule, unschedule } from "@asyncio/asyncio/queue/jobs";
import { sleep } from "@asyncio/asyncio/tasks";
import { now } from "../../_helpers/now.ts";
import { type Define, putsWait } from "./_place.ts";

/** The time that a run of the schedule `tick` is for. */
function timeOf({ id, value }: Job<string>): number {
  assertEquals(value, "tick");
  return Date.parse(id.replace("tick@", ""));
}

/** Defines the tests. */
export function testScheduling(test: Define): void {
  test("a schedule puts its value once in each period, and the first after one", async (place) => {
    await using jobs = await place.open<string>();
    const start = now();
    await schedule(jobs, { name: "tick", every: 200, value: "tick" });
    const times: number[] = [];
    for (let i = 0; i < 3; i++) {
      times.push(timeOf(await jobs.get()));
      assert(now() - start >= (i + 1) * 200 - 5);
    }
    // A busy machine misses a period at most as often as it is late by one.
    const missed = (times[2]! - times[0]!) / 200 - 2;
    assert(missed * 200 <= now() - start - 595, `${missed} missed`);
    assert(times.every((it) => it % 200 === times[0]! % 200), `${times}`);
    assertEquals(new Set(times).size, 3);
  });

  test("registered again by others, it still fires once", async (place) => {
    await using jobs = await place.open<string>();
    await using other = place.shared ? await place.open<string>() : jobs;
    for (const queue of [jobs, other, jobs]) {
      await schedule(queue, { name: "tick", every: 200, value: "tick" });
    }
    const times: number[] = [];
    for (let i = 0; i < 4; i++) times.push(timeOf(await jobs.get()));
    assertEquals(new Set(times).size, 4);
  });

  test("a schedule of the same name replaces it, and one that is ended is over", async (place) => {
    await using jobs = await place.open<string>();
    await schedule(jobs, { name: "a", every: 60_000, value: "old" });
    await schedule(jobs, { name: "a", every: 150, value: "new" });
    const job = await jobs.get();
    assertEquals(job.value, "new");
    await job.done();
    await unschedule(jobs, "a");
    await unschedule(jobs, "unknown");
    await sleep(150); // what was put meanwhile has come
    const left = await jobs.size();
    await sleep(450);
    assertEquals(await jobs.size(), left);
  });

  test("while the queue is full, the runs of a schedule do not pile up", async (place) => {
    await using jobs = await place.open<string>({ maxSize: 1 });
    await schedule(jobs, { name: "tick", every: 100, value: "tick" });
    const held = await jobs.get(); // leased: there is no room
    const first = timeOf(held);
    await sleep(1000);
    await putsWait(jobs, 1);
    await jobs.cancel(held.id);
    const second = await jobs.get();
    assert(timeOf(second) > first);
    await second.done();
    const next = await jobs.get();
    // Of those that were due meanwhile, the last one was put.
    assert(timeOf(next) - first >= 900, `${timeOf(next) - first} ms`);
  });

  test("bad schedules are refused", async (place) => {
    await using jobs = await place.open<string>();
    const good = { name: "a", value: "x" };
    for (
      const bad of [
        { cron: "* * * *" },
        { cron: "* * * * * *" },
        { cron: "61 * * * *" },
        { cron: "0 0 31 2 *" },
        { cron: "@daily" },
        { cron: "0 0 * * *", timeZone: "Mars/Olympus" },
        { every: 1000, timeZone: "Mars/Olympus" },
        { every: 0 },
        { every: NaN },
        { every: Infinity },
      ]
    ) {
      await assertRejects(
        () => schedule(jobs, { ...good, ...bad }),
        RangeError,
      );
    }
    for (
      const bad of [
        {},
        { cron: "* * * * *", every: 1000 },
        { every: 1000, name: "" },
        { every: 1000, missed: "some" as "all" },
        { cron: 5 as unknown as string },
      ]
    ) {
      await assertRejects(() => schedule(jobs, { ...good, ...bad }), TypeError);
    }
    await assertRejects(
      () =>
        schedule(jobs, { ...good, every: 1000, value: (() => {}) as never }),
      TypeError,
    );
  });
}
