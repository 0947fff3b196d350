/** How work comes to its end. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type Jobs, work } from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import {
  CancelledError,
  createTask,
  currentTask,
  sleep,
  type Task,
  wait,
} from "@asyncio/asyncio/tasks";
import { type Define, end, letters } from "./_place.ts";

/** Defines the tests. */
export function testEnding(test: Define): void {
  test("cancelled, it takes no more, and lets what runs finish", async (place) => {
    await using jobs = await place.open<number>();
    const { worker, started, finish, log } = slowWork(jobs, { grace: 60_000 });
    await jobs.put(1);
    await jobs.put(2);
    await started.wait();
    worker.cancel();
    await jobs.size(); // it would have taken the second by now
    finish.set();
    await assertRejects(async () => await worker, CancelledError);
    assertEquals(log, ["start 1", "end 1"]);
    assertEquals(await jobs.size(), 1);
    const left = await jobs.get();
    assertEquals([left.value, left.attempt], [2, 1]);
  });

  test("its signal ends it in the same way, with its reason", async (place) => {
    await using jobs = await place.open<number>();
    const controller = new AbortController();
    const { signal } = controller;
    const options = { grace: 60_000, signal };
    const { worker, started, finish, log } = slowWork(jobs, options);
    await jobs.put(1);
    await started.wait();
    controller.abort(new Error("closing time"));
    finish.set();
    await assertRejects(async () => await worker, Error, "closing time");
    assertEquals(log, ["start 1", "end 1"]);
    assertEquals(await jobs.size(), 0);
  });

  test("when the grace is over, handlers are cancelled and their jobs given back", async (place) => {
    await using jobs = await place.open<number>({ lease: 60_000 });
    const { worker, started, log } = slowWork(jobs, { grace: 20 });
    await jobs.put(1);
    await started.wait();
    worker.cancel();
    await assertRejects(async () => await worker, CancelledError);
    assertEquals(log, ["start 1", "cancelled 1"]);
    const job = await jobs.get(); // at once
    assertEquals([job.value, job.attempt], [1, 1]);
  });

  test("a handler that ends by the signal of its job has not failed", async (place) => {
    await using jobs = await place.open<number>({ maxAttempts: 1 });
    const started = new Event();
    const errors: unknown[] = [];
    const worker = createTask(() =>
      work(jobs, async (_, { signal }) => {
        started.set();
        await aborted(signal);
      }, { grace: 0, onError: (error) => errors.push(error) })
    );
    await jobs.put(1);
    await started.wait();
    worker.cancel();
    await assertRejects(async () => await worker, CancelledError);
    const job = await jobs.get(); // at once
    assertEquals([job.value, job.attempt, errors], [1, 1, []]);
  });

  test("an error of its own that a handler throws at the end of the work is a failure", async (place) => {
    await using jobs = await place.open<number>({ maxAttempts: 1 });
    const started = new Event();
    const worker = createTask(() =>
      work(jobs, async (_, { signal }) => {
        started.set();
        await aborted(signal).catch(() => {});
        throw new Error("broken");
      }, { grace: 0 })
    );
    await jobs.put(1);
    await started.wait();
    worker.cancel();
    await assertRejects(async () => await worker, CancelledError);
    const [letter] = await letters(jobs);
    assert(letter!.reason.includes("broken"), letter!.reason);
  });

  test("a handler that swallows its cancel and returns has done its job", async (place) => {
    await using jobs = await place.open<number>();
    const started = new Event();
    const worker = createTask(() =>
      work(jobs, async () => {
        started.set();
        await sleep(60_000).catch(() => {});
      }, { grace: 0 })
    );
    await jobs.put(1);
    await started.wait();
    worker.cancel();
    await assertRejects(async () => await worker, CancelledError);
    assertEquals(await jobs.size(), 0);
  });

  test("a handler that nothing can end is left alone, and its job given back", async (place) => {
    await using jobs = await place.open<number>({ lease: 60_000 });
    const started = new Event();
    const stuck = Promise.withResolvers<void>();
    let inside: Task<unknown> | undefined;
    const worker = createTask(() =>
      work(jobs, async () => {
        inside = currentTask();
        started.set();
        await stuck.promise;
      }, { grace: 0 })
    );
    await jobs.put(1);
    await started.wait();
    worker.cancel();
    await assertRejects(async () => await worker, CancelledError);
    const job = await jobs.get();
    assertEquals([job.value, job.attempt], [1, 1]);
    await job.done();
    stuck.resolve();
    await wait([inside!]);
    assertEquals(await jobs.size(), 0);
  });

  test("a second cancel ends the grace", async (place) => {
    await using jobs = await place.open<number>();
    const { worker, started, log } = slowWork(jobs, { grace: Infinity });
    await jobs.put(1);
    await started.wait();
    worker.cancel();
    for (let turn = 0; turn < 5; turn++) await sleep(0); // it waits again
    assertEquals(worker.done, false);
    worker.cancel();
    await assertRejects(async () => await worker, CancelledError);
    assertEquals(log, ["start 1", "cancelled 1"]);
    assertEquals((await jobs.get()).attempt, 1);
  });

  test("a handler whose own task is cancelled gives its job back", async (place) => {
    await using jobs = await place.open<number>();
    const attempts: number[] = [];
    const worker = createTask(() =>
      work(jobs, async (_, { attempt }) => {
        attempts.push(attempt);
        if (attempts.length > 2) return;
        currentTask()!.cancel();
        await sleep(0);
      })
    );
    await jobs.put(1);
    await jobs.join();
    assertEquals(attempts, [1, 1, 1]);
    await end(worker);
  });

  test("a handler that fails by another's cancel has failed", async (place) => {
    await using jobs = await place.open<number>({ maxAttempts: 1 });
    const worker = createTask(() =>
      work(jobs, async () => {
        const inner = createTask(() => sleep(60_000));
        inner.cancel("not yours");
        await inner;
      })
    );
    await jobs.put(1);
    await jobs.join();
    const [letter] = await letters(jobs);
    assert(
      letter!.reason.includes("CancelledError: not yours"),
      letter!.reason,
    );
    await end(worker);
  });
}

/** A worker whose handler waits until it may finish. */
export function slowWork(
  jobs: Jobs<number>,
  options: { grace: number; signal?: AbortSignal },
): { worker: Task<void>; started: Event; finish: Event; log: string[] } {
  const started = new Event();
  const finish = new Event();
  const log: string[] = [];
  const worker = createTask(() =>
    work(jobs, async (n) => {
      log.push(`start ${n}`);
      started.set();
      try {
        await finish.wait();
        log.push(`end ${n}`);
      } catch (error) {
        log.push(`cancelled ${n}`);
        throw error;
      }
    }, options)
  );
  return { worker, started, finish, log };
}

/** What ends by a signal alone, as `fetch` does: rejects with its reason. */
function aborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener("abort", () => reject(signal.reason));
  });
}
