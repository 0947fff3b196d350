import { assert, assertEquals, assertMatch, assertRejects } from "@std/assert";
import { isNativeError } from "node:util/types";
import {
  CancelledError,
  type Coroutine,
  createTask,
  type ExceptionContext,
  Future,
  getRunningLoop,
  run,
  sleep,
  type Task,
  toThread,
  wait,
  WorkerPool,
} from "@asyncio/asyncio/tasks";
import { Condition, Lock } from "@asyncio/asyncio/sync";
import { Queue } from "@asyncio/asyncio/queue";
import { startServer } from "@asyncio/asyncio/streams";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { keepBusy } from "../_helpers/keep_busy.ts";

/** A line of this file. */
const HERE = String.raw`.*debug_mode_test\.ts:\d+:\d+\)?`;

interface Options {
  debug?: boolean;
  /** What is slow, in milliseconds. */
  limit?: number;
  virtual?: boolean;
}

/** What is reported of `main`. */
async function reportsOf(
  main: Coroutine<unknown>,
  { debug = true, limit = 100_000, virtual = false }: Options = {},
): Promise<string[]> {
  const reports: ExceptionContext[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    loop.slowCallbackDuration = limit;
    loop.setExceptionHandler((_, report) => reports.push(report));
    await main();
  }, virtual ? { debug, clock: new VirtualClock() } : { debug });
  return reports.map(({ message }) => message);
}

/**
 * What is reported of `what` while `main` runs; others may be slow as well,
 * where the machine is.
 */
async function slownessOf(
  what: string,
  main: Coroutine<unknown>,
): Promise<string> {
  const reports = await reportsOf(main, { limit: 15 });
  const ofIt = reports.filter((report) => report.startsWith(what));
  assertEquals(ofIt.length, 1, reports.join("\n"));
  return ofIt[0]!;
}

/** The one report of `main`. */
async function reportOf(
  main: Coroutine<unknown>,
  options?: Options,
): Promise<string> {
  const reports = await reportsOf(main, options);
  assertEquals(reports.length, 1, reports.join("\n"));
  return reports[0]!;
}

// --- Slow callbacks and steps ------------------------------------------------

function busy(): void {
  keepBusy(30);
}

const handOvers: Record<string, () => void> = {
  callSoon: () => getRunningLoop().callSoon(busy),
  callLater: () => getRunningLoop().callLater(1, busy),
  addDoneCallback: () => {
    const future = new Future<void>();
    future.addDoneCallback(busy);
    future.setResult();
  },
};
for (const [name, handOver] of Object.entries(handOvers)) {
  Deno.test(`debug mode: a slow callback of ${name} is named with the line where it was handed over`, async () => {
    const report = await slownessOf("Callback busy", async () => {
      handOver();
      await sleep(10);
    });
    assertMatch(
      report,
      new RegExp(`^Callback busy \\(handed over at ${HERE}\\) took \\d+ ms`),
    );
  });
}

Deno.test("debug mode: a slow first step is named with its task and the line where that was made", async () => {
  const report = await slownessOf(
    'task "worker"',
    async () => await createTask(busy, { name: "worker" }),
  );
  assertMatch(
    report,
    new RegExp(
      `^task "worker" took \\d+ ms without a wait.*, made at ${HERE}$`,
    ),
  );
});

Deno.test("debug mode: a slow step between two waits is named with the lines of both", async () => {
  const report = await slownessOf('task "worker"', async () => {
    await createTask(async () => {
      await sleep(1);
      busy();
      await sleep(1);
    }, { name: "worker" });
  });
  assertMatch(
    report,
    new RegExp(`^task "worker" took \\d+ ms .*, from ${HERE}, to ${HERE}$`),
  );
});

Deno.test("debug mode: a slow step that ends in a foreign wait is seen too", async () => {
  const report = await slownessOf('task "worker"', async () => {
    await createTask(async () => {
      await sleep(1);
      busy();
      await new Promise((resolve) => setTimeout(resolve));
    }, { name: "worker" });
  });
  assertMatch(
    report,
    new RegExp(`^task "worker" took \\d+ ms .*, from ${HERE}`),
  );
});

Deno.test("debug mode: of tasks that go on in one turn, the slow one is named", async () => {
  const report = await reportOf(async () => {
    const tasks = ["quick", "slow", "late"].map((name) =>
      createTask(async () => {
        await sleep(0);
        if (name === "slow") keepBusy(150);
        await sleep(0);
      }, { name })
    );
    await wait(tasks);
  }, { limit: 100 });
  assertMatch(report, /^task "slow" took/);
});

Deno.test("debug mode: a long wait is no slow step, neither for time nor for something foreign", async () => {
  const virtual = await reportsOf(() => sleep(1_000_000), {
    virtual: true,
    limit: 50_000,
  });
  assertEquals(virtual, []);
  const foreign = await reportsOf(async () => {
    await new Promise((resolve) => setTimeout(resolve, 300));
    await sleep(0);
    await new Promise((resolve) => setTimeout(resolve, 300));
  }, { limit: 290 });
  assertEquals(foreign, []);
});

// --- Tasks that failed and were never awaited --------------------------------

Deno.test("debug mode: a failure that is not retrieved comes with the line where the task was made", async () => {
  const report = await reportOf(async () => {
    createTask(() => Promise.reject(new Error("lost")), { name: "worker" });
    await sleep(1);
  });
  assertMatch(
    report,
    new RegExp(`never retrieved: task "worker", made at ${HERE}$`),
  );
});

// --- Waits that nothing awaits ---------------------------------------------------

Deno.test("debug mode: a wait that goes on when its task has ended is named, with its line", async () => {
  const report = await reportOf(async () => {
    await createTask(() => void sleep(5), { name: "worker" });
    await sleep(10);
  }, { virtual: true });
  assertMatch(
    report,
    new RegExp(
      `^task "worker" has ended, and a wait that it began at ${HERE} goes on: ` +
        `sleep 5. Is an await missing\\?$`,
    ),
  );
});

Deno.test("debug mode: waits that have ended with their task, and handlers of other tasks, are no concern", async () => {
  const reports = await reportsOf(async () => {
    const other = createTask(() => sleep(20));
    await createTask(async () => {
      other.catch(() => {});
      await Promise.all([sleep(5), sleep(10)]);
    });
    const cancelled = createTask(() => Promise.race([sleep(5), sleep(10)]));
    await sleep(1);
    cancelled.cancel();
    await other;
  }, { virtual: true });
  assertEquals(reports, []);
});

// --- Locks held by finished tasks --------------------------------------------

Deno.test("debug mode: a task that ends and holds a lock is named, with the line where it took it", async () => {
  const lock = new Lock();
  const report = await reportOf(async () => {
    await createTask(() => lock.acquire(), { name: "worker" });
  });
  assertMatch(
    report,
    new RegExp(`^task "worker" has ended, and still holds a Lock.*at ${HERE}$`),
  );
});

Deno.test("debug mode: so is one that the lock was handed over to", async () => {
  const lock = new Lock();
  const report = await reportOf(async () => {
    await createTask(async () => {
      using _ = await lock.acquire();
      await sleep(1);
    });
    await lock.acquire();
    const worker = createTask(() => lock.acquire(), { name: "worker" });
    await sleep(1);
    lock.release();
    await worker;
  });
  assertMatch(
    report,
    new RegExp(`^task "worker" has ended, and still holds a Lock.*at ${HERE}$`),
  );
});

Deno.test("debug mode: a lock that was given back in time is no concern, by whomever", async () => {
  const reports = await reportsOf(async () => {
    const lock = new Lock();
    await createTask(async () => {
      using _ = await lock.acquire();
      await sleep(1);
    });
    await createTask(async () => {
      await lock.acquire();
      lock.release();
    });
    await createTask(async () => {
      await lock.acquire();
      await createTask(() => lock.release());
    });
    const condition = new Condition();
    const waiter = createTask(async () => {
      using _ = await condition.acquire();
      await condition.wait();
    });
    await sleep(1);
    await createTask(async () => {
      using _ = await condition.acquire();
      condition.notify();
    });
    await waiter;
  });
  assertEquals(reports, []);
});

// --- Queues that were shut down with items -----------------------------------

Deno.test("debug mode: items left in a queue that was shut down are reported at the end", async () => {
  const report = await reportOf(() => {
    const queue = new Queue<number>();
    for (let i = 0; i < 3; i++) queue.putNowait(i);
    queue.shutdown();
    queue.getNowait();
  });
  assertEquals(
    report,
    "A queue was shut down, and 2 items in it were never taken",
  );
});

Deno.test("debug mode: one item left in a queue that was shut down is reported as one", async () => {
  const report = await reportOf(() => {
    const queue = new Queue<number>();
    queue.putNowait(1);
    queue.shutdown();
  });
  assertEquals(
    report,
    "A queue was shut down, and 1 item in it was never taken",
  );
});

Deno.test("debug mode: a queue that was emptied, or dropped its items when asked to, is no concern", async () => {
  const reports = await reportsOf(() => {
    const emptied = new Queue<number>();
    emptied.putNowait(1);
    emptied.shutdown();
    emptied.getNowait();
    const dropped = new Queue<number>();
    dropped.putNowait(1);
    dropped.shutdown(true);
  });
  assertEquals(reports, []);
});

// --- Leaks at the end of run -------------------------------------------------

Deno.test("debug mode: a task that is left at the end is named, with the line where it was made", async () => {
  const report = await reportOf(async () => {
    createTask(() => sleep(60_000), { name: "worker" });
    await sleep(1);
  });
  assertMatch(
    report,
    new RegExp(
      `^At the end of the run task "worker" \\(made at ${HERE}\\) is left`,
    ),
  );
});

Deno.test("debug mode: servers and pools that are left open are named, the threads of toThread are not", async () => {
  const reports = await reportsOf(async () => {
    await startServer(() => {}, { hostname: "127.0.0.1" });
    new WorkerPool("data:text/javascript,");
    await toThread(() => 1);
  });
  assertEquals(reports, [
    "At the end of the run a Server is left open",
    "At the end of the run a WorkerPool is left open",
  ]);
});

// --- Off ---------------------------------------------------------------------

/** Every mistake at once. */
async function mistakes(): Promise<void> {
  getRunningLoop().callSoon(busy);
  await createTask(async () => {
    await new Lock().acquire();
    busy();
  });
  const queue = new Queue<number>();
  queue.putNowait(1);
  queue.shutdown();
  createTask(() => sleep(60_000));
  await sleep(1);
}

Deno.test("without debug mode nothing of all that is reported", async () => {
  assertEquals(await reportsOf(mistakes, { debug: false, limit: 15 }), []);
  const reports = await reportsOf(mistakes, { limit: 15 });
  assert(reports.length >= 5, reports.join("\n"));
});

Deno.test("debug mode that was switched off reports nothing any more", async () => {
  const reports = await reportsOf(async () => {
    getRunningLoop().debug = false;
    await mistakes();
  }, { limit: 15 });
  assertEquals(reports, []);
});

/** What a task is cancelled with, by {@linkcode endIt}. */
function cancelOf(debug: boolean): Promise<CancelledError> {
  return run(async () => {
    const task = createTask(() => sleep(60_000));
    await sleep(0);
    endIt(task);
    return await assertRejects(() => task.then(), CancelledError);
  }, { debug });
}

function endIt(task: Task<unknown>): void {
  task.cancel("enough");
}

Deno.test("in debug mode the stack of a cancel is that of the call of cancel", async () => {
  const { stack } = await cancelOf(true);
  assertMatch(stack!, new RegExp(`^CancelledError: enough\n.*endIt`, "s"));
});

Deno.test("without debug mode a cancel has no stack, and is a true error all the same", async () => {
  const error = await cancelOf(false);
  assert(error instanceof CancelledError);
  assert(isNativeError(error));
  assertEquals(
    [error.name, error.message, error.stack],
    ["CancelledError", "enough", "CancelledError: enough"],
  );
});
