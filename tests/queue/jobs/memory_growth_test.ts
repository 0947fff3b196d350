/** What a queue in memory keeps of jobs that are gone. */
import { assert, assertEquals } from "@std/assert";
import { type Jobs, memoryJobs, work } from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import { createTask, run, sleep } from "@asyncio/asyncio/tasks";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { end } from "./_place.ts";

setFlagsFromString("--expose-gc");
const collectGarbage: () => void = runInNewContext("gc");

const COUNT = 5000;
/** Bytes of a job. */
const SIZE = 2000;

/** How many bytes the encoded jobs that are left take. */
async function memoryOf(body: (jobs: Jobs<string>) => Promise<void>) {
  return await run(async () => {
    await using jobs = memoryJobs<string>({
      window: 1,
      encode: () => new Uint8Array(SIZE),
      decode: () => "",
    });
    const before = await used();
    await body(jobs);
    return await used() - before;
  });
}

async function used(): Promise<number> {
  await sleep(0);
  for (let i = 0; i < 3; i++) {
    collectGarbage();
    await new Promise((resolve) => setTimeout(resolve));
  }
  const { external } = Deno.memoryUsage();
  return external;
}

Deno.test("memoryJobs: jobs that are removed before they are taken leave no memory behind", async () => {
  const bytes = await memoryOf(async (jobs) => {
    for (let i = 0; i < COUNT; i++) {
      await jobs.put("", { id: `${i}` });
      assert(await jobs.remove(`${i}`));
    }
  });
  assert(bytes < COUNT * SIZE / 10, `${bytes}`);
});

Deno.test("memoryJobs: jobs that wait for their key and are removed leave no memory behind", async () => {
  const bytes = await memoryOf(async (jobs) => {
    const open = new Event();
    const worker = createTask(() =>
      work(jobs, () => open.wait(), { concurrency: 2, keyConcurrency: 1 })
    );
    await jobs.put("", { id: "first", key: "a" });
    await sleep(0); // it runs, and another worker waits
    for (let i = 0; i < COUNT; i++) {
      await jobs.put("", { id: `${i}`, key: "a", priority: i % 4 as 0 });
      assert(await jobs.remove(`${i}`));
    }
    open.set();
    await jobs.join();
    await end(worker);
  });
  assert(bytes < COUNT * SIZE / 10, `${bytes}`);
});

Deno.test("memoryJobs: puts with ids that are given up while the queue is full leave no memory behind", async () => {
  await run(async () => {
    await using jobs = memoryJobs<string>({
      maxSize: 1,
      encode: () => new Uint8Array(SIZE),
      decode: () => "",
    });
    await jobs.put("");
    const first = createTask(() => jobs.put("", { id: "first" }));
    await sleep(0);
    const before = await used();
    for (let i = 0; i < COUNT; i++) {
      const put = createTask(() => jobs.put("", { id: `${i}` }));
      await sleep(0);
      put.cancel();
      await put.catch(() => {});
    }
    const bytes = await used() - before;
    assert(bytes < COUNT * SIZE / 10, `${bytes}`);
    await (await jobs.get()).done();
    await first;
    assertEquals(await jobs.size(), 1);
  });
});
