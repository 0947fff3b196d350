import { assert, assertEquals } from "@std/assert";
import { type Jobs, work } from "@asyncio/asyncio/queue/jobs";
import { createTask, sleep } from "@asyncio/asyncio/tasks";
import { test } from "./_test_on_server.ts";
import { open } from "./_open.ts";

/** Puts `count` jobs with the key `k`. */
async function putAll(jobs: Jobs<number>, count: number): Promise<void> {
  const all = Array.from(
    { length: count },
    (_, value) => ({ value, key: "k" }),
  );
  await jobs.putMany(all);
}

test("the jobs of a key are run by all processes that have some", async (server) => {
  await using jobs = await open<number>(server);
  await using other = await open<number>(server);
  await putAll(jobs, 300);
  const counts = [0, 0];
  const workers = [jobs, other].map((jobs, at) =>
    createTask(() =>
      work(jobs, async () => {
        counts[at]!++;
        await sleep(1); // as if it worked
      }, { concurrency: 3, keyConcurrency: 1 })
    )
  );
  await jobs.join();
  for (const worker of workers) worker.cancel();
  assert(counts.every((count) => count > 0), `${counts}`);
  assertEquals(counts[0]! + counts[1]!, 300);
});

test("more jobs of a key than a process keeps hold up no others, and run once", async (server) => {
  await using jobs = await open<number>(server);
  await putAll(jobs, 450);
  await jobs.put(-1, { key: "other" });
  const runs = new Map<number, number>();
  let before = -1;
  const worker = createTask(() =>
    work(jobs, async (value, job) => {
      if (value === -1) before = runs.size;
      runs.set(value, job.attempt);
      await sleep(1); // as if it worked
    }, { concurrency: 2, keyConcurrency: 1 })
  );
  await jobs.join();
  worker.cancel();
  assertEquals(runs.size, 451);
  assert(before < 450, `${before}`);
  assert([...runs.values()].every((attempt) => attempt === 1));
});
