import { assert, assertEquals } from "@std/assert";
import { type Jobs, work } from "@asyncio/asyncio/queue/jobs";
import { createTask, sleep, timeout } from "@asyncio/asyncio/tasks";
import { askServer } from "./_admin.ts";
import { Proxy } from "./_proxy.ts";
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

/** How many jobs are with processes, as the server has it. */
async function unsettled(port: number): Promise<number> {
  const { consumers } = await askServer(port, "CONSUMER.LIST.JOBS_test");
  return consumers[0].num_ack_pending;
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

test("jobs of a key that were cancelled while they waited hold up none behind them", async (server) => {
  await using jobs = await open<number>(server);
  await putAll(jobs, 1);
  for (let i = 0; i < 20; i++) await jobs.put(-1, { key: "k", id: `${i}` });
  await putAll(jobs, 1);
  const ran: number[] = [];
  const worker = createTask(() =>
    work(jobs, async (value) => {
      ran.push(value);
      if (ran.length > 1) return;
      while (await unsettled(server.port) < 22);
      for (let i = 0; i < 20; i++) await jobs.cancel(`${i}`);
    }, { concurrency: 2, keyConcurrency: 1 })
  );
  await timeout(17_000, () => jobs.join());
  worker.cancel();
  assertEquals(ran, [0, 0]);
});

test("a rate recovers at once when the servers answer again", async (server) => {
  await using proxy = new Proxy(server.port);
  await using jobs = await open<number>(proxy);
  const ran: number[] = [];
  const worker = createTask(() =>
    work(jobs, (value) => void ran.push(value), {
      rateLimit: { limit: 1, interval: 10 },
    })
  );
  await jobs.put(0);
  await jobs.join();
  let lost = 0;
  proxy.lie = (said) =>
    said.replace(
      /MSG \S+ \d+ +\d+\r\n\{"stream":"STATE_[^\r]*\r\n/,
      (reply) => lost++ < 2 ? "" : reply,
    );
  for (let value = 1; value < 30; value++) await jobs.put(value);
  await timeout(17_000, () => jobs.join());
  worker.cancel();
  assertEquals([ran.length, lost > 2], [30, true]);
});

test("a key stays free if the server forgets that its record was removed", async (server) => {
  await using proxy = new Proxy(server.port);
  proxy.garble = (said) =>
    said.replaceAll("MSG.DELETE.STATE_JOBS", "MSG.GET.STATE_JOBS");
  await using jobs = await open<number>(proxy);
  for (let i = 0; i < 2; i++) {
    await putAll(jobs, 1);
    const worker = createTask(() =>
      work(jobs, () => {}, { keyConcurrency: 1 })
    );
    await timeout(20_000, () => jobs.join()); // slots are kept for longer
    worker.cancel();
    await worker.catch(() => {});
  }
});

test("no record of a key is left when its jobs are done", async (server) => {
  const jobs = await open<number>(server);
  await putAll(jobs, 3);
  const worker = createTask(() => work(jobs, () => {}, { keyConcurrency: 1 }));
  await jobs.join();
  worker.cancel();
  await worker.catch(() => {});
  await jobs[Symbol.asyncDispose]();
  const { state } = await askServer(server.port, "STREAM.INFO.STATE_JOBS_test");
  assertEquals(state.messages, 0);
});
