/** What limits handlers: rates, keys, time; and batches. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Jobs, work } from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import {
  CancelledError,
  createTask,
  gather,
  moveOnAfter,
  sleep,
  type Task,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { now } from "../../_helpers/now.ts";
import { type Define, end, KEPT, letters, take } from "./_place.ts";

/** Defines the tests. */
export function testLimits(test: Define): void {
  test("no more jobs than the rate are begun in an interval, over all workers", async (place) => {
    await using jobs = await place.open<number>();
    await jobs.putMany(Array.from({ length: 7 }, (_, value) => ({ value })));
    const begun: number[] = [];
    const rateLimit = { limit: 3, interval: 300 };
    const start = now();
    const workers = [1, 2].map(() =>
      createTask(() =>
        work(jobs, () => void begun.push(now() - start), {
          concurrency: 4,
          rateLimit,
        })
      )
    );
    await jobs.join();
    // Handlers may begin later than they were let through, but not earlier.
    for (const [i, time] of begun.entries()) {
      assert(time >= Math.floor(i / 3) * 300 - 5, `${begun}`);
    }
    await gather(workers.map((worker) => () => end(worker)));
  });

  test("no more jobs of a key run at a time, over all workers, and others are not held up", async (place) => {
    await using jobs = await place.open<string>();
    for (let i = 0; i < 5; i++) await jobs.put("a", { key: "a" });
    await jobs.put("b", { key: "b" });
    await jobs.put("none");
    const running = new Map<string, number>();
    const most = new Map<string, number>();
    const order: string[] = [];
    const others = new Event();
    const workers = [1, 2].map(() =>
      createTask(() =>
        work(jobs, async (value) => {
          order.push(value);
          if (order.includes("b") && order.includes("none")) others.set();
          const now = (running.get(value) ?? 0) + 1;
          running.set(value, now);
          most.set(value, Math.max(most.get(value) ?? 0, now));
          await moveOnAfter(20_000, () => others.wait());
          await sleep(10);
          running.set(value, running.get(value)! - 1);
        }, { concurrency: 3, keyConcurrency: 1 })
      )
    );
    await jobs.join();
    assertEquals([most.get("a"), order.length], [1, 7]);
    assertEquals(order.slice(0, 3).toSorted(), ["a", "b", "none"]);
    await gather(workers.map((worker) => () => end(worker)));
  });

  test("a job of a key that runs for longer than a lease holds up the next all the time", async (place) => {
    await using jobs = await place.open<string>({ lease: KEPT });
    for (const value of ["long", "next"]) await jobs.put(value, { key: "k" });
    let running = 0;
    let most = 0;
    const worker = createTask(() =>
      work(jobs, async (value) => {
        most = Math.max(most, ++running);
        if (value === "long") await sleep(1.3 * KEPT);
        running--;
      }, { concurrency: 2, keyConcurrency: 1 })
    );
    await jobs.join();
    assertEquals(most, 1);
    await end(worker);
  });

  test("a job of a key that fails or is delayed makes room for the next", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("bad", { key: "k", id: "bad" });
    await jobs.put("good", { key: "k", id: "good" });
    const begun: string[] = [];
    const worker = createTask(() =>
      work(jobs, (value) => {
        begun.push(value);
        if (value === "bad") throw new Error("no");
      }, { concurrency: 2, keyConcurrency: 1, backoff: () => 60_000 })
    );
    assertEquals(await jobs.result("good"), undefined);
    assertEquals([begun, await jobs.size()], [["bad", "good"], 1]);
    await end(worker);
  });

  test("a job that waits for a rate goes back when the work ends", async (place) => {
    await using jobs = await place.open<string>({ lease: 60_000 });
    const { worker } = await slowedWork(jobs);
    await end(worker);
    const job = await timeout(LONG, () => jobs.get());
    assertEquals([job.value, job.attempt], ["b", 1]);
  });

  test("others take a job that waits for a rate", async (place) => {
    await using jobs = await place.open<string>({ lease: 60_000 });
    const { worker } = await slowedWork(jobs);
    assertEquals(await timeout(LONG, () => take(jobs)), "b");
    await end(worker);
  });

  test("a job that waits for a rate is not begun while the queue is paused", async (place) => {
    await using jobs = await place.open<string>();
    let paused = false;
    const begun: boolean[] = [];
    const first = new Event();
    const worker = createTask(() =>
      work(jobs, () => {
        begun.push(paused);
        first.set();
      }, { concurrency: 2, rateLimit: { limit: 1, interval: 300 } })
    );
    await jobs.putMany([{ value: "a" }, { value: "b" }]);
    await first.wait();
    await jobs.pause();
    paused = true;
    await sleep(600); // the rate allows the second one meanwhile
    paused = false;
    await jobs.resume();
    await jobs.join();
    assertEquals(begun, [false, false]);
    await end(worker);
  });

  test("an attempt that takes too long has failed with a TimeoutError", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 2 });
    const errors: unknown[] = [];
    const aborted: boolean[] = [];
    const worker = createTask(() =>
      work(jobs, async (_, job) => {
        const { signal } = job;
        try {
          await sleep(60_000);
        } finally {
          await Promise.resolve();
          aborted.push(signal.aborted);
        }
      }, { timeout: 30, backoff: () => 0, onError: (it) => errors.push(it) })
    );
    await jobs.put("a");
    await jobs.join();
    assertEquals(errors.map((it) => it instanceof TimeoutError), [true, true]);
    assertEquals(aborted, [true, true]);
    const [letter] = await letters(jobs);
    assert(letter!.reason.includes("TimeoutError"), letter!.reason);
    await end(worker);
  });

  test("the signal of an attempt that took too long has aborted, also if it is asked for only then", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 1 });
    const reasons: string[] = [];
    const worker = createTask(() =>
      work(jobs, async (_, job) => {
        try {
          await sleep(60_000);
        } finally {
          reasons.push(job.signal.reason?.name);
        }
      }, { timeout: 30 })
    );
    await jobs.put("a");
    await jobs.join();
    assertEquals(reasons, ["TimeoutError"]);
    await end(worker);
  });

  test("a running handler is cancelled with its job, and the worker goes on", async (place) => {
    await using jobs = await place.open<string>();
    await jobs.put("stuck", { id: "stuck" });
    await jobs.put("next");
    const log: string[] = [];
    const errors: unknown[] = [];
    const started = Promise.withResolvers<void>();
    const worker = createTask(() =>
      work(jobs, async (value) => {
        log.push(value);
        started.resolve();
        if (value !== "stuck") return;
        try {
          await sleep(60_000);
        } catch (error) {
          log.push((error as Error).name);
          throw error;
        }
      }, { onError: (error) => errors.push(error) })
    );
    await started.promise;
    const result = jobs.result("stuck");
    result.catch(() => {});
    await sleep(20);
    assertEquals(await jobs.cancel("stuck"), true);
    await assertRejects(() => result, CancelledError);
    await jobs.join();
    assertEquals(log, ["stuck", "CancelledError", "next"]);
    assertEquals([errors, await letters(jobs)], [[], []]);
    await end(worker);
  });

  test("a batch is as many jobs as its size", async (place) => {
    await using jobs = await place.open<number>();
    await jobs.putMany([1, 2, 3, 4, 5, 6].map((value) => ({ value })));
    const batches: number[][] = [];
    const worker = createTask(() =>
      work(jobs, (values, list) => {
        assertEquals(list.map(({ value }) => value), values);
        batches.push(values);
      }, { batch: { size: 3, time: 60_000 } })
    );
    await jobs.join();
    assertEquals(batches, [[1, 2, 3], [4, 5, 6]]);
    await end(worker);
  });

  test("a batch is given to the handler without those that do not come in time", async (place) => {
    await using jobs = await place.open<number>();
    const ran: number[] = [];
    const worker = createTask(() =>
      work(jobs, (values) => void ran.push(...values), {
        batch: { size: 3, time: 100 },
      })
    );
    for (const value of [1, 2]) await jobs.put(value);
    await jobs.join();
    assertEquals(ran, [1, 2]);
    await end(worker);
  });

  test("of a batch whose handler throws, those that are not settled are tried again", async (place) => {
    await using jobs = await place.open<number>();
    await jobs.putMany([1, 2, 3].map((value) => ({ value })));
    const batches: string[][] = [];
    const worker = createTask(() =>
      work(jobs, async (_, list) => {
        const all = list.map(({ value, attempt }) => `${value} ${attempt}`);
        batches.push(all.toSorted());
        if (batches.length > 1) return;
        await list[1]!.done();
        await jobs.put(4); // makes the next batch full
        throw new Error("no");
      }, { batch: { size: 3, time: 60_000 }, backoff: () => 0 })
    );
    await jobs.join();
    assertEquals(batches, [["1 1", "2 1", "3 1"], ["1 2", "3 2", "4 1"]]);
    await end(worker);
  });

  /** Puts a job, and cancels it while a batch is collected. */
  async function cancelCollected(
    jobs: Jobs<number>,
    id: string,
  ): Promise<boolean> {
    await jobs.put(1, { id });
    for (;; await sleep(5)) {
      const { leased, waiting } = await jobs.counts();
      if (leased > 0) return await jobs.cancel(id);
      if (waiting === 0) return false; // the time of the batch was up
    }
  }

  test("a job that is cancelled while a batch is collected is not in it", async (place) => {
    await using jobs = await place.open<number>();
    const batches: number[][] = [];
    const worker = createTask(() =>
      work(jobs, (values) => void batches.push(values), {
        batch: { size: 3, time: 60_000 },
      })
    );
    assertEquals(await cancelCollected(jobs, "1"), true);
    await jobs.putMany([{ value: 2 }, { value: 3 }]);
    await jobs.join();
    assertEquals(batches, [[2, 3]]);
    await end(worker);
  });

  test("a batch whose jobs are all cancelled is given to no handler", async (place) => {
    await using jobs = await place.open<number>();
    let batches: number[][] = [];
    const time = 300;
    const worker = createTask(() =>
      work(jobs, (values) => void batches.push(values), {
        batch: { size: 2, time },
      })
    );
    for (let n = 0; !await cancelCollected(jobs, `${n}`);) n++;
    batches = [];
    await sleep(2 * time);
    await jobs.putMany([{ value: 2 }, { value: 3 }]);
    await jobs.join();
    assertEquals(batches.flat(), [2, 3]);
    assert(batches.every(({ length }) => length > 0));
    await end(worker);
  });

  test("work that ends gives back what it has collected for a batch", async (place) => {
    await using jobs = await place.open<number>({ lease: 60_000 });
    const worker = createTask(() =>
      work(jobs, () => {}, { batch: { size: 3, time: 60_000 } })
    );
    await jobs.put(1);
    while ((await jobs.counts()).leased === 0) await sleep(5);
    await end(worker);
    const job = await jobs.get();
    assertEquals([job.value, job.attempt], [1, 1]);
  });

  test("limits that make no sense are refused", async (place) => {
    await using jobs = await place.open<number>();
    for (
      const bad of [
        { rateLimit: { limit: 0, interval: 1 } },
        { rateLimit: { limit: 1, interval: 0 } },
        { rateLimit: { limit: 1, interval: NaN } },
        { keyConcurrency: 0 },
        { timeout: NaN },
        { batch: { size: 0, time: 1 } },
        { batch: { size: 1, time: NaN } },
      ]
    ) await assertRejects(() => work(jobs, () => {}, bad), RangeError);
  });
}

/** More than anything takes that is not to wait for a rate. */
const LONG = 20_000;

/** Work that has begun "a", and has to wait for its rate before it begins "b". */
async function slowedWork(
  jobs: Jobs<string>,
): Promise<{ worker: Task<void> }> {
  const begun = new Event();
  const worker = createTask(() =>
    work(jobs, () => begun.set(), {
      concurrency: 2,
      rateLimit: { limit: 1, interval: 3_600_000 },
    })
  );
  await jobs.putMany([{ value: "a" }, { value: "b" }]);
  await begun.wait();
  while (await jobs.size() > 1) await sleep(1); // until "a" is done
  return { worker };
}
