/**
 * How to test code that sleeps, without sleeping: a retry loop with back-off, a
 * debouncer and a worker pool. In a test file, each of the functions at the end
 * would be a `Deno.test`.
 */
import { deepStrictEqual as assertEquals } from "node:assert";
import {
  createTask,
  isCancelled,
  Queue,
  run,
  sleep,
  type Task,
  taskGroup,
} from "@asyncio/asyncio";
import {
  cancelEverywhere,
  explore,
  VirtualClock,
} from "@asyncio/asyncio/testing";

// --- what is to be tested ----------------------------------------------------

/** Tries again after 1 s, 2 s, 4 s, ... and at most after a minute. */
async function retry<T>(operation: () => Promise<T>): Promise<T> {
  for (let delay = 1_000;; delay = Math.min(delay * 2, 60_000)) {
    try {
      return await operation();
    } catch (error) {
      if (isCancelled(error)) throw error;
    }
    await sleep(delay);
  }
}

/** Calls `action` once no call has come for `quiet` milliseconds. */
function debounce(action: () => void, quiet: number): () => void {
  let pending: Task<void> | undefined;
  return () => {
    pending?.cancel();
    pending = createTask(async () => {
      await sleep(quiet);
      action();
    });
  };
}

/** Works through `jobs`, one at a time. */
async function worker<T>(
  jobs: Queue<T>,
  work: (job: T) => Promise<void>,
): Promise<void> {
  for await (const job of jobs) await work(job);
}

/** Works through `jobs`, so many at a time. */
async function pool<T>(
  jobs: Queue<T>,
  workers: number,
  work: (job: T) => Promise<void>,
): Promise<void> {
  await taskGroup((group) => {
    for (let i = 0; i < workers; i++) {
      group.createTask(() => worker(jobs, work));
    }
  });
}

// --- the tests ---------------------------------------------------------------

/** Time jumps when everybody waits for it, so the clock tells when it was. */
async function testRetry(): Promise<void> {
  const clock = new VirtualClock();
  const attempts: number[] = [];
  await run(() =>
    retry(() => {
      attempts.push(clock.now() / 1000);
      if (attempts.length < 10) throw new Error("not yet");
      return Promise.resolve();
    }), { clock });
  assertEquals(attempts, [0, 1, 3, 7, 15, 31, 63, 123, 183, 243]);
  console.log(`retry: attempts after ${attempts.join(", ")} s`);
}

/** `advance` moves time on by hand, and lets happen what is due by then. */
async function testDebounce(): Promise<void> {
  const clock = new VirtualClock();
  await run(async () => {
    const saved: number[] = [];
    const save = debounce(() => saved.push(clock.now()), 300);
    for (let key = 0; key < 5; key++) {
      save();
      await clock.advance(200);
    }
    assertEquals(saved, []); // the last key was at 800
    await clock.advance(100);
    assertEquals(saved, [1_100]);
    save();
    await clock.advance(10_000);
    assertEquals(saved, [1_100, 1_400]);
    console.log(`debouncer: saved at ${saved.join(" and ")} ms`);
  }, { clock });
}

/** Ten jobs of a minute each, three at a time. */
async function testPool(): Promise<void> {
  const clock = new VirtualClock();
  await run(() => pool(jobsOf(10), 3, () => sleep(60_000)), { clock });
  assertEquals(clock.now(), 4 * 60_000);
  console.log(`worker pool: done after ${clock.now() / 60_000} minutes`);
}

/** The same under every order of wake-ups: no job is done twice, or never. */
async function testPoolInEveryOrder(): Promise<void> {
  const { runs, schedules } = await explore(async () => {
    const done: number[] = [];
    await pool(jobsOf(4), 2, async (job) => {
      await sleep(0);
      done.push(job);
    });
    assertEquals(done.sort(), [0, 1, 2, 3]);
  });
  console.log(`worker pool: ${runs} runs in ${schedules} different orders`);
}

/** A worker, cancelled wherever it can be: it leaves no job half done. */
async function testWorkerCancelled(): Promise<void> {
  let halfDone = 0;
  const { points } = await cancelEverywhere(
    () =>
      worker(jobsOf(4), async () => {
        halfDone++;
        try {
          await sleep(60_000);
        } finally {
          halfDone--;
        }
      }),
    () => assertEquals(halfDone, 0),
  );
  console.log(`worker: cancelled at ${points} points, no job left half done`);
}

function jobsOf(count: number): Queue<number> {
  const jobs = new Queue<number>();
  for (let job = 0; job < count; job++) jobs.putNowait(job);
  jobs.shutdown(); // no more to come: the workers end when it is empty
  return jobs;
}

await testRetry();
await testDebounce();
await testPool();
await testPoolInEveryOrder();
await testWorkerCancelled();
