/** What gets in the way of work. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Job,
  type Jobs,
  LeaseLostError,
  QueueShutDownError,
  work,
  type WorkOptions,
} from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import { cancellable, createTask, sleep } from "@asyncio/asyncio/tasks";
import { slowWork } from "./_ending.ts";
import { type Define, end, SHORT, take } from "./_place.ts";

/** Defines the tests. */
export function testExceptions(test: Define): void {
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

  const stumbles: [string, WorkOptions<number>][] = [
    ["an onError that throws", { onError: stumble }],
    ["a backoff that throws", { backoff: stumble }],
    ["a backoff that gives NaN", { backoff: () => NaN }],
  ];
  for (const [what, options] of stumbles) {
    test(`${what} leaves its job to others at once`, async (place) => {
      await using jobs = await place.open<number>({ lease: 60_000 });
      await jobs.put(1);
      const failing = () => {
        throw new Error("first");
      };
      await assertRejects(() => work(jobs, failing, options), RangeError);
      const job = await jobs.get();
      assertEquals([job.value, job.attempt], [1, 1]);
    });
  }

  test("a handler's QueueShutDownError that onError throws on ends it, too", async (place) => {
    await using jobs = await place.open<number>({ lease: 60_000 });
    await jobs.put(1);
    const failing = () => {
      throw new QueueShutDownError("another queue's");
    };
    const onError = (error: unknown) => {
      throw error;
    };
    await assertRejects(
      () => work(jobs, failing, { onError }),
      QueueShutDownError,
      "another queue's",
    );
    assertEquals(await take(jobs), 1);
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
    const handler = () => {};
    const bad: [unknown, unknown, unknown?][] = [
      [jobs, 7],
      [jobs, handler, null],
      [jobs, handler, { backoff: 5 }],
      [jobs, handler, { onError: 5 }],
      [undefined, handler],
      [{}, handler],
    ];
    for (const args of bad) {
      await assertRejects(
        () => work(...args as Parameters<typeof work>),
        TypeError,
        "Cannot work",
      );
    }
  });

  test("a handler whose lease is lost is cancelled, and nothing is settled", async (place) => {
    const options = { lease: SHORT, maxAttempts: Infinity };
    await using real = await place.open<number>(options);
    const jobs = losing(real);
    const log: string[] = [];
    const attempts: number[] = [];
    const again = new Event();
    const worker = createTask(() =>
      work(jobs, async (n, { attempt }) => {
        log.push(`start ${n}`);
        attempts.push(attempt);
        if (attempts.length > 1) return again.set();
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
    // A busy machine may lose the lease of the next attempt, too.
    assertEquals(log.slice(0, 4), [
      "start 1",
      "cancelled",
      "LeaseLostError",
      "start 1",
    ]);
    assert(attempts[1]! > attempts[0]!);
    await end(worker);
  });
}

function stumble(): never {
  throw new RangeError("second");
}

/** The same queue, but the lease of its first job cannot be extended. */
function losing<T>(jobs: Jobs<T>): Jobs<T> {
  const get = async (options?: { signal?: AbortSignal }): Promise<Job<T>> => {
    const job = await jobs.get(options);
    if (!isFirst) return job;
    isFirst = false;
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
  let isFirst = true;
  let lost = false;
  return new Proxy(jobs, {
    get: (target, key) => key === "get" ? get : bound(target, key),
  });
}

function bound(target: object, key: string | symbol): unknown {
  const value = Reflect.get(target, key, target);
  return typeof value === "function" ? value.bind(target) : value;
}
