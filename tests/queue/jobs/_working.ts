/** How work goes on. @module */
import { assertEquals } from "@std/assert";
import { work } from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import { createTask } from "@asyncio/asyncio/tasks";
import { type Define, end, finish, KEPT, letters } from "./_place.ts";

/** Defines the tests. */
export function testWorking(test: Define): void {
  test("calls the handler with every job, and it is done", async (place) => {
    await using jobs = await place.open<number>();
    const seen: [number, string][] = [];
    const worker = createTask(() =>
      work(jobs, (value, { id }) => void seen.push([value, id]))
    );
    await jobs.put(1, { id: "a" });
    await jobs.put(2, { id: "b" });
    await jobs.join();
    assertEquals(seen, [[1, "a"], [2, "b"]]);
    assertEquals(await letters(jobs), []);
    await end(worker);
  });

  test("as many handlers run at a time as `concurrency` says, and no more", async (place) => {
    await using jobs = await place.open<number>();
    const gate = new Event();
    let running = 0;
    let most = 0;
    const full = new Event();
    const worker = createTask(() =>
      work(jobs, async () => {
        most = Math.max(most, ++running);
        if (running === 3) full.set();
        await gate.wait();
        running--;
      }, { concurrency: 3 })
    );
    for (let n = 0; n < 9; n++) await jobs.put(n);
    await full.wait();
    await jobs.size();
    gate.set();
    await jobs.join();
    assertEquals(most, 3);
    await end(worker);
  });

  test("a handler that throws is called again, as the back-off says, until the job is a dead letter", async (place) => {
    await using jobs = await place.open<string>({ maxAttempts: 3 });
    const backoffs: number[] = [];
    const errors: string[] = [];
    const worker = createTask(() =>
      work(jobs, (_, { attempt }) => {
        throw new RangeError(`no ${attempt}`);
      }, {
        backoff(attempt) {
          backoffs.push(attempt);
          return 5;
        },
        onError: (error, { attempt }) => errors.push(`${attempt}: ${error}`),
      })
    );
    await jobs.put("a");
    await jobs.join();
    assertEquals(backoffs, [1, 2, 3]);
    assertEquals(errors, [
      "1: RangeError: no 1",
      "2: RangeError: no 2",
      "3: RangeError: no 3",
    ]);
    const [letter] = await letters(jobs);
    assertEquals(letter?.reason, "given up after 3 attempts: RangeError: no 3");
    await end(worker);
  });

  test("whatever a handler throws becomes a reason", async (place) => {
    const thrown = ["text", 1n, null, { code: 5 }, Object.create(null)];
    await using jobs = await place.open<number>({ maxAttempts: 1 });
    const worker = createTask(() =>
      work(jobs, (n) => {
        throw thrown[n];
      })
    );
    for (const n of thrown.keys()) await jobs.put(n);
    await jobs.join();
    assertEquals(
      (await letters(jobs)).map(({ reason }) => reason),
      ["text", "1", "null", '{"code":5}', "{}"].map((text) =>
        `given up after 1 attempt: ${text}`
      ),
    );
    await end(worker);
  });

  test("a poison job becomes a dead letter while the others are done", async (place) => {
    await using jobs = await place.open<number>({ maxAttempts: 2 });
    const done: number[] = [];
    const worker = createTask(() =>
      work(jobs, (n) => {
        if (n === 3) throw new Error("poison");
        done.push(n);
      }, { backoff: () => 0 })
    );
    for (let n = 0; n < 6; n++) await jobs.put(n);
    await jobs.join();
    assertEquals(done, [0, 1, 2, 4, 5]);
    assertEquals((await letters(jobs)).map(({ value }) => value), [3]);
    await end(worker);
  });

  test("a handler may settle the job itself", async (place) => {
    await using jobs = await place.open<string>();
    const seen: string[] = [];
    const errors: unknown[] = [];
    const worker = createTask(() =>
      work(jobs, async (value, job) => {
        seen.push(`${value} ${job.attempt}`);
        if (value === "fail") await job.fail("by hand");
        if (value === "retry" && job.attempt === 1) await job.retry();
        if (value === "done") {
          await job.done();
          throw new Error("afterwards");
        }
      }, { onError: (error) => errors.push(String(error)) })
    );
    for (const value of ["fail", "retry", "done"]) await jobs.put(value);
    await jobs.join();
    assertEquals(seen, ["fail 1", "retry 1", "retry 2", "done 1"]);
    assertEquals((await letters(jobs)).map((it) => it.reason), ["by hand"]);
    assertEquals(errors, ["Error: afterwards"]);
    await end(worker);
  });

  test("while a handler runs, its lease is extended", async (place) => {
    await using jobs = await place.open<string>({ lease: KEPT });
    const calls: string[] = [];
    const [started, over] = [new Event(), new Event()];
    const worker = createTask(() =>
      work(jobs, async (value, { attempt }) => {
        calls.push(`${value} ${attempt}`);
        started.set();
        await over.wait();
      })
    );
    await jobs.put("extended");
    await started.wait();
    await jobs.put("left");
    await jobs.get();
    const again = await jobs.get(); // a lease that began later has run out
    assertEquals(again.value, "left");
    await finish(jobs, again);
    over.set();
    await jobs.join();
    assertEquals(calls, ["extended 1"]);
    await end(worker);
  });
}
