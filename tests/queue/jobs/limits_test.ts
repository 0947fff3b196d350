/** Limits and expiry in memory, to the millisecond. */
import { assertEquals } from "@std/assert";
import {
  type JobsOptions,
  memoryJobs,
  work,
} from "@asyncio/asyncio/queue/jobs";
import { createTask, getRunningLoop, run, sleep } from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { end, letters, take } from "./_place.ts";

function test(what: string, body: () => Promise<void>): void {
  Deno.test(
    `memoryJobs: ${what}`,
    () => run(body, { clock: new VirtualClock() }),
  );
}

/** When handlers begin, over workers with these rates. */
async function starts(
  rates: { limit: number; interval: number }[],
  count: number,
): Promise<number[]> {
  await using jobs = memoryJobs<number>();
  await jobs.putMany(Array.from({ length: count }, (_, value) => ({ value })));
  const loop = getRunningLoop();
  const begun: number[] = [];
  const start = loop.time();
  const workers = rates.map((rateLimit) =>
    createTask(() =>
      work(jobs, () => void begun.push(loop.time() - start), {
        concurrency: 5,
        rateLimit,
      })
    )
  );
  await jobs.join();
  for (const worker of workers) await end(worker);
  return begun;
}

test("a rate lets the first ones through at once, then as many an interval later", async () => {
  assertEquals(
    await starts([{ limit: 2, interval: 100 }], 6),
    [0, 0, 100, 100, 200, 200],
  );
});

test("workers with the same rate share it", async () => {
  const rate = { limit: 3, interval: 50 };
  assertEquals(
    await starts([rate, { ...rate }], 7),
    [0, 0, 0, 50, 50, 50, 100],
  );
});

test("a job that waits for a rate is not leased, and others take it", async () => {
  await using jobs = memoryJobs<string>();
  const worker = createTask(() =>
    work(jobs, () => {}, { rateLimit: { limit: 1, interval: 60_000 } })
  );
  await jobs.put("a");
  await jobs.put("b");
  await sleep(10);
  assertEquals((await jobs.counts()).leased, 0);
  assertEquals(await take(jobs), "b");
  await end(worker);
});

test("a key that is full holds up no other, and goes on in order", async () => {
  await using jobs = memoryJobs<string>();
  for (const value of ["a1", "a2", "a3", "b1", "c"]) {
    await jobs.put(value, value === "c" ? {} : { key: value[0]! });
  }
  const order: string[] = [];
  const worker = createTask(() =>
    work(jobs, async (value) => {
      order.push(value);
      await sleep(10);
    }, { concurrency: 3, keyConcurrency: 1 })
  );
  await jobs.join();
  assertEquals(order, ["a1", "b1", "c", "a2", "a3"]);
  await end(worker);
});

test("work without a limit takes what a limited one leaves", async () => {
  await using jobs = memoryJobs<string>();
  await jobs.put("a1", { key: "a" });
  await jobs.put("a2", { key: "a" });
  const held = await jobs.get();
  const limited = createTask(() => work(jobs, () => {}, { keyConcurrency: 1 }));
  await sleep(1);
  assertEquals((await jobs.counts()).waiting, 1);
  assertEquals(await take(jobs), "a2");
  await held.done();
  await end(limited);
});

test("a leased or retried job does not expire, a released one does", async () => {
  const options: JobsOptions<string> = { lease: 1000 };
  await using jobs = memoryJobs<string>(options);
  await jobs.put("begun", { expires: 100 });
  const begun = await jobs.get();
  await sleep(150);
  assertEquals(begun.state, "leased");
  await begun.retry();
  assertEquals((await jobs.counts()).waiting, 1);
  await jobs.put("released", { expires: 100 });
  await (await jobs.get()).done();
  const released = await jobs.get();
  await sleep(150);
  await released.release();
  assertEquals((await letters(jobs)).map(({ reason }) => reason), ["expired"]);
});

test("a cancelled job of a key makes room for the next", async () => {
  await using jobs = memoryJobs<string>();
  await jobs.put("a1", { key: "a", id: "a1" });
  await jobs.put("a2", { key: "a", id: "a2" });
  const done: string[] = [];
  const worker = createTask(() =>
    work(jobs, async (value) => {
      await sleep(value === "a1" ? Infinity : 1);
      done.push(value);
    }, { concurrency: 2, keyConcurrency: 1 })
  );
  await sleep(5);
  assertEquals(await jobs.cancel("a1"), true);
  await jobs.join();
  assertEquals(done, ["a2"]);
  await end(worker);
});

test("a job that waits for its key, or has waited for it, can be taken out", async () => {
  await using jobs = memoryJobs<string>();
  for (const id of ["a1", "a2", "a3"]) await jobs.put(id, { key: "a", id });
  const begun: string[] = [];
  const worker = createTask(() =>
    work(jobs, async (value) => {
      begun.push(value);
      await sleep(value === "a1" ? 10 : 0);
    }, { concurrency: 2, keyConcurrency: 1 })
  );
  await sleep(5);
  assertEquals(await jobs.remove("a2"), true); // waits for its key
  await jobs.pause();
  await sleep(20); // a1 is done, and a3 may begin when the queue goes on
  assertEquals(await jobs.remove("a3"), true);
  await jobs.put("a4", { key: "a" });
  await jobs.resume();
  await jobs.join();
  assertEquals(begun, ["a1", "a4"]);
  await end(worker);
});

test("a limited worker gets no job that was decoded for a call without limits", async () => {
  await using jobs = memoryJobs<string>({
    decode: async (bytes) => {
      await sleep(10);
      return new TextDecoder().decode(bytes);
    },
  });
  const loop = getRunningLoop();
  const free = createTask(() => jobs.get());
  await sleep(1); // it is the first to wait
  const begun: number[] = [];
  const rateLimit = { limit: 1, interval: 1000 };
  const worker = createTask(() =>
    work(jobs, () => void begun.push(loop.time()), { rateLimit })
  );
  await sleep(1);
  for (const value of ["a", "b", "c", "d"]) await jobs.put(value);
  await (await free).done();
  await jobs.join();
  await end(worker);
  const pauses = begun.slice(1).map((time, i) => time - begun[i]!);
  assertEquals(pauses.map((it) => it >= 1000), [true, true]);
});

test("a call that is given up while its job is decoded neither keeps nor buries that", async () => {
  await using jobs = memoryJobs<string>({
    decode: async (bytes) => {
      await sleep(10);
      return new TextDecoder().decode(bytes);
    },
  });
  await jobs.put("a");
  const call = createTask(() => jobs.get());
  const handled: string[] = [];
  const rateLimit = { limit: 1, interval: 1000 };
  const worker = createTask(() =>
    work(jobs, (value) => void handled.push(value), { rateLimit })
  );
  await sleep(5);
  call.cancel();
  await jobs.join();
  await end(worker);
  assertEquals(handled, ['"a"']);
});
