/**
 * What `work` does over any queue of jobs, as tests: one suite for all kinds.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Job,
  type Jobs,
  LeaseLostError,
  work,
} from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import {
  cancellable,
  CancelledError,
  createTask,
  currentTask,
  sleep,
  type Task,
  wait,
} from "@asyncio/asyncio/tasks";
import type { Kind, Place } from "./_contract.ts";
import { letters, take } from "./_contract.ts";

/** Defines the tests for one kind of queue. */
export function testWork({ name, ignore = false, place }: Kind): void {
  function test(what: string, body: (place: Place) => Promise<void>): void {
    Deno.test({
      name: `work, ${name}: ${what}`,
      ignore,
      async fn() {
        await using here = await place();
        await body(here);
      },
    });
  }

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
    await using jobs = await place.open<string>({ lease: 600 });
    const calls: string[] = [];
    const late = new Event();
    const worker = createTask(() =>
      work(jobs, async (value, { attempt }) => {
        calls.push(`${value} ${attempt}`);
        if (value === "long") await late.wait();
        else late.set();
      }, { concurrency: 2 })
    );
    await jobs.put("long");
    await jobs.put("late", { delay: 1500 }); // more than two leases
    await jobs.join();
    assertEquals(calls, ["long 1", "late 1"]);
    await end(worker);
  });

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

  test("closing the queue ends it, without an error", async (place) => {
    const jobs = await place.open<number>();
    const { worker, started, finish, log } = slowWork(jobs, { grace: 60_000 });
    await jobs.put(1);
    await started.wait();
    await jobs[Symbol.asyncDispose]();
    finish.set();
    await worker;
    assertEquals(log, ["start 1", "end 1"]);
  });

  test("what onError or backoff throws ends it, and the others give back what they have", async (place) => {
    await using jobs = await place.open<number>();
    for (const at of ["onError", "backoff"] as const) {
      const worker = createTask(() =>
        work(jobs, () => {
          throw new Error("first");
        }, {
          concurrency: 2,
          [at]: () => {
            throw new TypeError("second");
          },
        })
      );
      await jobs.put(1);
      await assertRejects(async () => await worker, TypeError, "second");
    }
  });

  test("several workers share the jobs, and none is done twice", async (place) => {
    await using jobs = await place.open<number>();
    const counts = new Map<number, number>();
    const workers = Array.from(
      { length: 4 },
      () =>
        createTask(() =>
          work(jobs, async (n) => {
            await sleep(0);
            counts.set(n, (counts.get(n) ?? 0) + 1);
          }, { concurrency: 5 })
        ),
    );
    await Promise.all(Array.from({ length: 200 }, (_, n) => jobs.put(n)));
    await jobs.join();
    assertEquals(counts.size, 200);
    assertEquals([...counts.values()].every((count) => count === 1), true);
    for (const worker of workers) await end(worker);
  });

  test("work that was cancelled before it began takes nothing", async (place) => {
    await using jobs = await place.open<number>();
    await jobs.put(1);
    const signal = AbortSignal.abort(new Error("before"));
    await assertRejects(
      () => work(jobs, () => {}, { signal }),
      Error,
      "before",
    );
    assertEquals(await take(jobs), 1);
  });

  test("bad arguments are refused", async (place) => {
    await using jobs = await place.open<number>();
    for (const concurrency of [0, 1.5, NaN]) {
      await assertRejects(
        () => work(jobs, () => {}, { concurrency }),
        RangeError,
      );
    }
    await assertRejects(() => work(jobs, () => {}, { grace: NaN }), RangeError);
    await assertRejects(
      () => work(jobs, 7 as unknown as () => void),
      TypeError,
    );
  });

  test("a handler whose lease is lost is cancelled, and nothing is settled", async (place) => {
    await using real = await place.open<number>({ lease: 300 });
    const jobs = losing(real);
    const log: string[] = [];
    const again = new Event();
    const worker = createTask(() =>
      work(jobs, async (n, { attempt }) => {
        log.push(`start ${n} ${attempt}`);
        if (attempt > 1) return again.set();
        try {
          await cancellable(new Promise(() => {}));
        } finally {
          log.push("cancelled");
        }
      }, {
        onError(error) {
          log.push((error as Error).name);
        },
      })
    );
    await real.put(1);
    await again.wait();
    await real.join();
    assertEquals(log, [
      "start 1 1",
      "cancelled",
      "LeaseLostError",
      "start 1 2",
    ]);
    await end(worker);
  });
}

/** A worker whose handler waits until it may finish. */
function slowWork(
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

/** The same queue, but the lease of its first job cannot be extended. */
function losing<T>(jobs: Jobs<T>): Jobs<T> {
  const get = async (options?: { signal?: AbortSignal }): Promise<Job<T>> => {
    const job = await jobs.get(options);
    if (job.attempt > 1) return job;
    return new Proxy(job, {
      get(target, key) {
        if (key === "state") return lost ? "lost" : target.state;
        if (key !== "extend") return bound(target, key);
        return () => {
          lost = true;
          return Promise.reject(new LeaseLostError("lost"));
        };
      },
    });
  };
  let lost = false;
  return new Proxy(jobs, {
    get: (target, key) => key === "get" ? get : bound(target, key),
  });
}

function bound(target: object, key: string | symbol): unknown {
  const value = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
}

async function end(worker: Task<void>): Promise<void> {
  worker.cancel();
  await assertRejects(async () => await worker, CancelledError);
}
