/** What is longer than the servers take in one message. */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { work } from "@asyncio/asyncio/queue/jobs";
import { createTask } from "@asyncio/asyncio/tasks";
import { end, letters } from "../jobs/_place.ts";
import { open } from "./_open.ts";
import { test } from "./_test_on_server.ts";

/** More than the `max_payload` of a server, 1 MiB. */
const LONG = "long ".repeat(300_000);

test("a job is given up with a reason of any length, and waits for it end", async (server) => {
  await using jobs = await open<string>(server);
  await jobs.put("a", { id: "1" });
  const result = jobs.result("1");
  result.catch(() => {});
  const job = await jobs.get();
  await job.fail(LONG);
  await assertRejects(() => result, Error, "long long");
  const [letter, ...others] = await letters(jobs);
  assert(letter!.reason.startsWith("long long"));
  assertEquals([letter!.attempts, others], [1, []]);
});

test("a job whose last attempt fails with a long message is a dead letter", async (server) => {
  await using jobs = await open<string>(server, { maxAttempts: 2 });
  let runs = 0;
  const errors: unknown[] = [];
  const worker = createTask(() =>
    work(jobs, () => {
      runs++;
      throw new Error(LONG);
    }, { backoff: () => 0, onError: (error) => errors.push(error) })
  );
  await jobs.put("a");
  await jobs.join();
  await end(worker);
  assertEquals([runs, errors.length], [2, 2]);
  const reason = "given up after 2 attempts: Error: long long";
  assert((await letters(jobs))[0]!.reason.startsWith(reason));
});

test("a result that the servers do not take is a RangeError, and the job is still held", async (server) => {
  await using jobs = await open<string>(server);
  await jobs.put("a", { id: "1" });
  const job = await jobs.get();
  const error = await assertRejects(() => job.done(LONG), RangeError);
  assert(error.message.startsWith("Cannot keep the result: "), error.message);
  assertEquals(job.state, "leased");
  await job.done("short");
  assertEquals(await jobs.result("1"), "short");
});

test("an attempt whose result the servers do not take has failed", async (server) => {
  await using jobs = await open<number>(server, { maxAttempts: 2 });
  const errors: unknown[] = [];
  const worker = createTask(() =>
    work(jobs, (n) => n > 1 ? LONG : n, {
      backoff: () => 0,
      onError: (error) => errors.push(error),
    })
  );
  await jobs.put(2, { id: "2" });
  await jobs.put(1, { id: "1" });
  await jobs.join();
  assertEquals(await jobs.result("1"), 1);
  await assertRejects(() => jobs.result("2"), Error, "the result");
  await end(worker);
  assertEquals(errors.map((it) => it instanceof RangeError), [true, true]);
});

test("a report that the servers do not take is a RangeError, and nothing has changed", async (server) => {
  await using jobs = await open<string>(server);
  await jobs.put("a");
  const job = await jobs.get();
  await job.report(1);
  await assertRejects(() => job.report(LONG), RangeError, "Cannot report");
  const [info] = await Array.fromAsync(jobs.list("leased"));
  assertEquals(info!.progress, 1);
});

test("long reports of many jobs are all listed", async (server) => {
  await using jobs = await open<number>(server);
  await using other = await open<number>(server);
  await jobs.putMany(Array.from({ length: 20 }, (_, value) => ({ value })));
  const report = "x".repeat(100_000);
  for (let i = 0; i < 20; i++) await (await jobs.get()).report(report);
  const infos = await Array.fromAsync(other.list("leased"));
  assertEquals(
    infos.map(({ progress }) => progress === report),
    infos.map(() => true),
  );
  assertEquals(infos.length, 20);
});
