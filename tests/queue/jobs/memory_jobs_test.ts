import {
  assert,
  assertEquals,
  assertMatch,
  assertNotStrictEquals,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  type Job,
  type Jobs,
  type JobsOptions,
  LeaseLostError,
  memoryJobs,
  QueueShutDownError,
  schedule,
  work,
} from "@asyncio/asyncio/queue/jobs";
import { Event } from "@asyncio/asyncio/sync";
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  getRunningLoop,
  InvalidStateError,
  run,
  sleep,
  wait,
} from "@asyncio/asyncio/tasks";
import {
  cancelEverywhere,
  explore,
  VirtualClock,
} from "@asyncio/asyncio/testing";
import { Attempt } from "../../_helpers/attempt.ts";
import { shown } from "../../_helpers/waiting_rules.ts";
import { letters, take } from "./_place.ts";

/** Runs `body` on a clock that jumps to whatever comes next. */
function inNoTime<T>(body: () => Promise<T>): Promise<T> {
  return run(body, { clock: new VirtualClock() });
}

Deno.test("memoryJobs: a lease lasts as long as it says, on the loop's clock", () =>
  inNoTime(async () => {
    const jobs = memoryJobs<string>({ lease: 30_000 });
    await jobs.put("a");
    const job = await jobs.get();
    const start = getRunningLoop().time();
    const again = await jobs.get();
    assertEquals(getRunningLoop().time() - start, 30_000);
    assertEquals([job.state, again.attempt], ["lost", 2]);
    await sleep(20_000);
    await again.extend();
    await sleep(29_999);
    await again.done();
  }));

Deno.test("memoryJobs: on the real clock, a lease and a delay are over in time", async () => {
  await using jobs = memoryJobs<string>({ lease: 50, maxAttempts: Infinity });
  await jobs.put("a", { delay: 50 });
  const job = await jobs.get();
  const again = await jobs.get();
  assertEquals([job.state, again.value], ["lost", "a"]);
  assert(again.attempt > job.attempt);
});

Deno.test("memoryJobs: a lease that is over is over, also where its alarm is late", () =>
  inNoTime(async () => {
    const jobs = memoryJobs<string>({ lease: 100 });
    const order: string[] = [];
    await jobs.put("a");
    getRunningLoop().callLater(100, () => {
      order.push(job.state);
      createTask(() => assertRejects(() => job.done(), LeaseLostError));
    });
    const job = await jobs.get(); // its alarm is set after that timer
    await sleep(200);
    assertEquals(order, ["lost"]);
    assertEquals(await jobs.size(), 1);
  }));

Deno.test("memoryJobs: an endless lease never runs out", () =>
  inNoTime(async () => {
    const jobs = memoryJobs<string>({ lease: Infinity });
    await jobs.put("a");
    const job = await jobs.get();
    await sleep(1e12);
    assertEquals(job.state, "leased");
    await job.done();
  }));

Deno.test("memoryJobs: delays last as long as they say", () =>
  inNoTime(async () => {
    const jobs = memoryJobs<string>({ lease: 1e9 });
    await jobs.put("a", { delay: 3_600_000 });
    await jobs.put("b", { delay: 60_000 });
    const job = await jobs.get();
    assertEquals([job.value, getRunningLoop().time()], ["b", 60_000]);
    await job.retry(10_000);
    assertEquals([await take(jobs), getRunningLoop().time()], ["b", 70_000]);
    assertEquals([await take(jobs), getRunningLoop().time()], ["a", 3_600_000]);
  }));

Deno.test("memoryJobs: an id is known for the window, 2 minutes unless given", () =>
  inNoTime(async () => {
    const jobs = memoryJobs<string>();
    await jobs.put("a", { id: "1" });
    await sleep(119_999);
    await jobs.put("b", { id: "1" });
    assertEquals(await jobs.size(), 1);
    await sleep(1);
    await jobs.put("c", { id: "1" });
    assertEquals(await jobs.size(), 2);
  }));

Deno.test("memoryJobs: a get after jobs that have expired waits for the next one", () =>
  inNoTime(async () => {
    await using jobs = memoryJobs<string>();
    for (const value of ["a", "b"]) await jobs.put(value, { expires: 10 });
    await sleep(20);
    const next = take(jobs);
    await jobs.put("c");
    assertEquals(await next, "c");
  }));

Deno.test("memoryJobs: a retention that it cannot have is refused", () => {
  for (const retention of [null, 5, { done: "1" }, { dead: null }]) {
    assertThrows(
      () => memoryJobs({ retention: retention as never }),
      TypeError,
      "Cannot open a queue of jobs: retention",
    );
  }
  for (const retention of [{ done: NaN }, { dead: NaN }]) {
    assertThrows(() => memoryJobs({ retention }), RangeError, "retention.d");
  }
});

Deno.test("memoryJobs: no timer is left when all is done", async () => {
  await using jobs = memoryJobs<string>();
  await jobs.put("a");
  await jobs.put("b", { delay: 1 });
  await take(jobs);
  await take(jobs); // the sanitizers would see a timer
});

Deno.test("memoryJobs: closing it takes its timers along", async () => {
  const jobs = memoryJobs<string>();
  await jobs.put("a");
  await jobs.put("b", { delay: 1_000_000 });
  await jobs.get();
  await jobs[Symbol.asyncDispose]();
});

Deno.test("memoryJobs: after its run a retry with a delay rejects, and the job is still leased", async () => {
  const { jobs, job } = await afterItsRun();
  await rejects(job.retry(5));
  assertEquals([job.state, await jobs.size()], ["leased", 2]);
  await job.done();
  assertEquals(await jobs.size(), 1);
});

Deno.test("memoryJobs: after its run an extend rejects, and the job is still leased", async () => {
  const { job } = await afterItsRun();
  await rejects(job.extend());
  assertEquals(job.state, "leased");
});

Deno.test("memoryJobs: after its run a get rejects, and takes no job", async () => {
  const { jobs } = await afterItsRun();
  await rejects(jobs.get());
  assertEquals([shown(jobs, "ready"), shown(jobs, "leased")], [1, 1]);
});

Deno.test("memoryJobs: after its run a put with a delay rejects, and its id is not taken", async () => {
  const { jobs } = await afterItsRun();
  await rejects(jobs.put("c", { id: "c", delay: 5 }));
  assertEquals(await jobs.size(), 2);
  await jobs.put("c", { id: "c" });
  assertEquals(await jobs.size(), 3);
});

Deno.test("memoryJobs: a get that outlives the queue's run rejects when there is a job, which stays", async () => {
  const jobs = await run(() => memoryJobs<string>());
  const get = new Attempt((options) => jobs.get(options));
  await jobs.put("a");
  await get.task;
  assertEquals(get.outcome, "InvalidStateError");
  assertEquals(shown(jobs, "ready"), 1);
});

Deno.test("memoryJobs: a delayed put that outlives the queue's run rejects when there is room, and puts nothing", async () => {
  const { jobs, job } = await afterItsRun({ maxSize: 2 });
  const put = new Attempt((options) => jobs.put("c", { ...options, delay: 5 }));
  await job.done();
  await put.task;
  assertEquals([put.outcome, await jobs.size()], ["InvalidStateError", 1]);
});

Deno.test("memoryJobs: a put with a time to begin that outlives the queue's run rejects when there is room, and puts nothing", async () => {
  const { jobs, job } = await afterItsRun({ maxSize: 2 });
  const put = new Attempt((options) =>
    jobs.put("c", { ...options, expires: 5 })
  );
  await job.done();
  await put.task;
  assertEquals([put.outcome, await jobs.size()], ["InvalidStateError", 1]);
});

/** A queue whose run has ended, with a job that is leased and one that waits. */
function afterItsRun(
  options?: JobsOptions<string>,
): Promise<{ jobs: Jobs<string>; job: Job<string> }> {
  return inNoTime(async () => {
    const jobs = memoryJobs<string>(options);
    await jobs.put("a");
    await jobs.put("b");
    return { jobs, job: await jobs.get() };
  });
}

async function rejects(wait: Promise<unknown>): Promise<void> {
  await assertRejects(() => wait, InvalidStateError, "has ended");
}

Deno.test("memoryJobs: a decode that fails during a wait for room lets one put in", async () => {
  await using jobs = memoryJobs<string>({
    maxSize: 1,
    decode(data) {
      const text = JSON.parse(new TextDecoder().decode(data));
      if (text === "poison") throw new Error("unreadable");
      return text;
    },
  });
  await jobs.put("a");
  const puts = ["poison", "poison", "b"].map((it) =>
    createTask(() => jobs.put(it), { eager: true })
  );
  const got = createTask(async () => [await take(jobs), await take(jobs)]);
  for (const put of puts) await put;
  assertEquals(await got, ["a", "b"]);
  assertEquals((await letters(jobs)).length, 2);
  assertEquals(await jobs.size(), 0);
});

Deno.test("memoryJobs: settling a job after its queue was closed rejects with an error that says so", async () => {
  const jobs = memoryJobs<string>();
  await jobs.put("a");
  const job = await jobs.get();
  await jobs[Symbol.asyncDispose]();
  await assertRejects(() => job.done(), LeaseLostError, "queue was closed");
});

Deno.test("work: onError is called with the closing of the queue if a handler closes it and fails", async () => {
  const jobs = memoryJobs<string>();
  await jobs.put("a");
  const errors: string[] = [];
  await work(jobs, async () => {
    await jobs[Symbol.asyncDispose]();
    throw new Error("no queue");
  }, { onError: (error) => errors.push((error as Error).message) });
  assertMatch(errors.join(), /^job ".*": its queue was closed$/);
});

/** A queue whose decode ends the first of two that wait, by its signal. */
function withFatalDecode() {
  const controller = new AbortController();
  const jobs = memoryJobs<string>({
    lease: Infinity,
    decode(data) {
      controller.abort(new Error("by decode"));
      return JSON.parse(new TextDecoder().decode(data));
    },
  });
  const { signal } = controller;
  const ended = assertRejects(() => jobs.get({ signal }), Error, "by decode");
  return { jobs, ended };
}

Deno.test("memoryJobs: a decode that ends the wait it is for leaves the job to be taken", async () => {
  const { jobs, ended } = withFatalDecode();
  await jobs.put("a");
  await ended;
  assertEquals([shown(jobs, "ready"), shown(jobs, "leased")], [1, 0]);
  assertEquals((await jobs.get()).attempt, 1);
});

Deno.test("memoryJobs: a decode that ends the wait it is for leaves the job to the next in line", async () => {
  const { jobs, ended } = withFatalDecode();
  const next = jobs.get();
  await jobs.put("a");
  await ended;
  assertEquals((await next).attempt, 1);
});

Deno.test("memoryJobs: wherever a worker is cancelled, no job is lost", async () => {
  let jobs = memoryJobs<number>({ lease: Infinity });
  await cancelEverywhere(async () => {
    jobs = memoryJobs<number>({ lease: Infinity });
    await jobs.put(1);
    const job = await jobs.get();
    try {
      await sleep(10);
    } catch (error) {
      await job.release();
      throw error;
    }
    await job.done();
  }, async () => {
    assertNotStrictEquals(await jobs.size(), 2);
    if (await jobs.size() === 1) assertEquals((await jobs.get()).attempt, 1);
  });
});

Deno.test("memoryJobs: in whatever order, every job is done once by workers that come and go", async () => {
  await explore(async () => {
    const jobs = memoryJobs<number>({ maxSize: 2, lease: 1000 });
    const done: number[] = [];
    const workers = [1, 2].map(() =>
      createTask(() =>
        work(jobs, async (n) => {
          await sleep(0);
          done.push(n);
        }, { grace: 0 })
      )
    );
    const puts = createTask(async () => {
      for (let n = 0; n < 3; n++) await jobs.put(n);
    });
    await sleep(0);
    workers[0]!.cancel();
    await puts;
    await jobs.join();
    workers[1]!.cancel();
    await assertRejects(async () => await workers[1], CancelledError);
    assertEquals(done.toSorted(), [0, 1, 2]);
  });
});

Deno.test("work: a handler that takes longer than many leases keeps its job", () =>
  inNoTime(async () => {
    const jobs = memoryJobs<string>({ lease: 1000 });
    const calls: number[] = [];
    const worker = createTask(() =>
      work(jobs, async (_, { attempt }) => {
        calls.push(attempt);
        await sleep(3_600_000);
      }, { concurrency: 2 })
    );
    await jobs.put("a");
    await jobs.join();
    assertEquals([calls, getRunningLoop().time()], [[1], 3_600_000]);
    worker.cancel();
  }));

Deno.test("work: without a back-off of one's own, attempts are exponentially apart, with jitter", () =>
  inNoTime(async () => {
    const jobs = memoryJobs<string>({ maxAttempts: 10 });
    const times: number[] = [];
    const worker = createTask(() =>
      work(jobs, () => {
        times.push(getRunningLoop().time());
        throw new Error("no");
      })
    );
    await jobs.put("a");
    await jobs.join();
    const waits = times.slice(1).map((time, i) => time - times[i]!);
    const limits = [1, 2, 4, 8, 16, 32, 60, 60, 60].map((it) => it * 1000);
    for (const [i, wait] of waits.entries()) {
      assertEquals([i, wait >= 0 && wait <= limits[i]!], [i, true]);
    }
    assertEquals(new Set(waits).size, waits.length);
    worker.cancel();
  }));

Deno.test("work: the grace is as long as it says, 10 seconds unless given", () =>
  inNoTime(async () => {
    const jobs = memoryJobs<string>({ lease: 1e9 });
    for (const [grace, expected] of [[undefined, 10_000], [50, 50]] as const) {
      const started = Promise.withResolvers<void>();
      const worker = createTask(() =>
        work(jobs, async () => {
          started.resolve();
          await sleep(1e9);
        }, { grace })
      );
      await jobs.put("a");
      await started.promise;
      const start = getRunningLoop().time();
      worker.cancel();
      await assertRejects(async () => await worker, CancelledError);
      assertEquals(getRunningLoop().time() - start, expected);
      await take(jobs);
    }
  }));

Deno.test("work: a cancel of it that waits for its handlers is no cancel without effect", async () => {
  const names: string[] = [];
  await run(async () => {
    await using jobs = memoryJobs<number>();
    await jobs.put(1);
    const [begun, done] = [new Event(), new Event()];
    const reported = Promise.withResolvers<void>();
    const worker = createTask(() =>
      work(jobs, async () => {
        begun.set();
        await done.wait();
      }), { name: "worker" });
    const stuck = createTask(async () => {
      await reported.promise; // a cancel does not reach it
    }, { name: "stuck" });
    getRunningLoop().setExceptionHandler((_, { task }) => {
      names.push(task!.name);
      done.set();
      reported.resolve();
    });
    await begun.wait();
    worker.cancel();
    stuck.cancel();
    await wait([worker, stuck]);
  }, { cancelReportAfter: 5 });
  assertEquals(names, ["stuck"]);
});

Deno.test("work: a job whose handler has returned is done, also when its worker is cancelled right then", async () => {
  const jobs = memoryJobs<string>({ lease: Infinity });
  await run(async () => {
    const ended = new Event();
    createTask(() =>
      work(jobs, () => {
        currentTask()!.addDoneCallback(() => {
          for (const it of allTasks()) if (it.name === "worker 1") it.cancel();
          ended.set();
        });
      })
    );
    await jobs.put("a");
    await ended.wait();
  });
  assertEquals(await jobs.size(), 0);
});

Deno.test("work: the end of the run gives back what runs", async () => {
  const jobs = memoryJobs<string>({ lease: Infinity });
  await run(async () => {
    const started = Promise.withResolvers<void>();
    createTask(() =>
      work(jobs, async () => {
        started.resolve();
        await sleep(60_000);
      })
    );
    await jobs.put("a");
    await started.promise;
  });
  const job = await jobs.get();
  assertEquals([job.value, job.attempt], ["a", 1]);
});

Deno.test("memoryJobs: a schedule whose value is encoded when the queue is closed is not registered", async () => {
  const encoded = Promise.withResolvers<string>();
  const jobs = memoryJobs<number>({ encode: () => encoded.promise });
  const scheduled = schedule(jobs, { name: "a", every: 1000, value: 1 });
  scheduled.catch(() => {});
  await sleep(0);
  await jobs[Symbol.asyncDispose]();
  encoded.resolve("1");
  await assertRejects(() => scheduled, QueueShutDownError);
});
