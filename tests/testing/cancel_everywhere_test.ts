import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { createSubprocessExec, PIPE } from "@asyncio/asyncio/process";
import { Event, Lock } from "@asyncio/asyncio/sync";
import {
  CancelledError,
  createTask,
  gather,
  getRunningLoop,
  run,
  shield,
  sleep,
} from "@asyncio/asyncio/tasks";
import {
  cancelEverywhere,
  CancelEverywhereError,
  DeadlockError,
} from "@asyncio/asyncio/testing";
import { until } from "../_helpers/until.ts";

function noCheck(): void {}

// --- The points --------------------------------------------------------------

Deno.test("every await of the package is a point, also where nothing is waited for", async () => {
  const lock = new Lock();
  const { points } = await cancelEverywhere(async () => {
    using _ = await lock.acquire();
    await sleep(0);
    await sleep(1000);
    await Promise.resolve();
    await gather([() => sleep(1), () => sleep(2)]);
    await createTask(() => sleep(1));
  }, () => assertFalse(lock.locked));
  assertEquals(points, 5);
});

Deno.test("a scenario without a point is run once, and nothing is checked", async () => {
  let runs = 0;
  let checks = 0;
  assertEquals(
    await cancelEverywhere(() => void runs++, () => void checks++),
    { points: 0 },
  );
  assertEquals([runs, checks], [1, 0]);
});

Deno.test("each point is cancelled right there and, where it waits, in the wait and on waking up", async () => {
  const lock = new Lock();
  const log: string[] = [];
  await cancelEverywhere(async () => {
    try {
      using _ = await lock.acquire();
      log.push("locked");
      await sleep(5);
      log.push("slept");
      await sleep(0);
    } catch (error) {
      log.push((error as Error).message.replace(/ \(.*/, ""));
    }
  }, () => void log.push("check"));
  assertEquals(log, [
    ...["locked", "slept"],
    ...["cancelled right at point 1, Lock.acquire", "check"],
    ...["locked", "cancelled right at point 2, sleep 5", "check"],
    ...["locked", "cancelled in the wait of point 2, sleep 5", "check"],
    // It has slept, and the cancel is delivered at the next point.
    ...["locked", "slept", "cancelled on waking up from point 2, sleep 5"],
    "check",
    ...["locked", "slept", "cancelled right at point 3, sleep 0", "check"],
    ...["locked", "slept", "cancelled in the wait of point 3, sleep 0"],
    "check",
    // There is no next point: it ends cancelled all the same.
    ...["locked", "slept", "check"],
  ]);
});

Deno.test("the check comes after each run that was cancelled, and after its end", async () => {
  const log: string[] = [];
  await cancelEverywhere(async () => {
    createTask(async () => {
      try {
        await sleep(Infinity);
      } finally {
        await sleep(100);
        log.push("leftover");
      }
    });
    await sleep(10);
  }, async () => {
    await Promise.resolve();
    log.push("check");
  });
  // First the run without a cancel, then three with one.
  const cancelled = ["leftover", "check"];
  assertEquals(log, ["leftover", ...cancelled, ...cancelled, ...cancelled]);
});

Deno.test("no cancel comes between two waits that are begun at once", async () => {
  const messages: string[] = [];
  const { points } = await cancelEverywhere(async () => {
    try {
      await Promise.all([sleep(1), sleep(2)]);
    } catch (error) {
      messages.push((error as Error).message.replace(/ \(.*/, ""));
    }
  }, noCheck);
  assertEquals(points, 2);
  assertEquals(messages, [
    "cancelled right at point 1, sleep 1",
    "cancelled in the wait of point 1, sleep 1",
    "cancelled on waking up from point 1, sleep 1",
    "cancelled in the wait of point 2, sleep 2",
  ]);
});

Deno.test("points of other tasks do not count", async () => {
  const { points } = await cancelEverywhere(async () => {
    const child = createTask(async () => {
      for (let i = 0; i < 5; i++) await sleep(1);
    });
    await child;
  }, noCheck);
  assertEquals(points, 1);
});

Deno.test("points of helpers that are called count", async () => {
  async function twice(): Promise<void> {
    await sleep(1);
    await sleep(1);
  }
  const { points } = await cancelEverywhere(async () => {
    await twice();
    await twice();
  }, noCheck);
  assertEquals(points, 4);
});

// --- What fails --------------------------------------------------------------

Deno.test("a lock that is left held is found, with the point", async () => {
  let lock = new Lock();
  const error = await assertRejects(() =>
    cancelEverywhere(async () => {
      lock = new Lock();
      await lock.acquire();
      await sleep(1); // no try around it
      lock.release();
    }, () => assertFalse(lock.locked, "still held")), CancelEverywhereError);
  assertEquals(error.point, 2);
  assertEquals(error.waitsFor, "sleep 1");
  assertStringIncludes(error.where!, "cancel_everywhere_test.ts:");
  assertStringIncludes(error.message, "point 2, sleep 1");
  assertStringIncludes(error.message, "still held");
  assertStringIncludes((error.cause as Error).message, "still held");
});

Deno.test("a check that rejects is a failure", async () => {
  await assertRejects(
    () =>
      cancelEverywhere(
        () => sleep(1),
        () => Promise.reject(new Error("not clean")),
      ),
    CancelEverywhereError,
    "not clean",
  );
});

Deno.test("an error in place of the cancel is a failure", async () => {
  const error = await assertRejects(() =>
    cancelEverywhere(async () => {
      try {
        await sleep(1);
      } catch (cause) {
        throw new Error("translated", { cause });
      }
    }, noCheck), CancelEverywhereError);
  assertEquals((error.cause as Error).message, "translated");
});

Deno.test("an error of another task that is not retrieved is a failure", async () => {
  await assertRejects(
    () =>
      cancelEverywhere(async () => {
        const child = createTask(async () => {
          try {
            await sleep(10);
          } catch {
            throw new Error("unseen");
          }
        });
        await sleep(1);
        await child;
      }, noCheck),
    CancelEverywhereError,
    "unseen",
  );
});

Deno.test("a cleanup that never ends is a failure", async () => {
  const error = await assertRejects(() =>
    cancelEverywhere(async () => {
      try {
        await sleep(1);
      } catch (error) {
        await new Event().wait();
        throw error;
      }
    }, noCheck), CancelEverywhereError);
  assertInstanceOf(error.cause, DeadlockError);
});

Deno.test("a scenario that fails by itself throws what it throws", async () => {
  let checks = 0;
  await assertRejects(
    () =>
      cancelEverywhere(async () => {
        await sleep(1);
        throw new TypeError("broken");
      }, () => void checks++),
    TypeError,
    "broken",
  );
  assertEquals(checks, 0);
});

Deno.test("a scenario that does not come to a point again is a failure", async () => {
  let runs = 0;
  const error = await assertRejects(
    () =>
      cancelEverywhere(async () => {
        if (runs++ === 0) await sleep(1);
      }, noCheck),
    CancelEverywhereError,
    "did not come to point 1",
  );
  assertFalse("cause" in error);
});

// --- What does not fail ------------------------------------------------------

Deno.test("a scenario may handle the cancel and end well", async () => {
  let finished = 0;
  const { points } = await cancelEverywhere(async () => {
    for (let i = 0; i < 2; i++) {
      try {
        await sleep(1);
      } catch { /* goes on */ }
    }
    finished++;
  }, noCheck);
  assertEquals(points, 2);
  assertEquals(finished, 7);
});

Deno.test("a cleanup that waits is let finish", async () => {
  let open = 0;
  await cancelEverywhere(async () => {
    open++;
    try {
      await sleep(1);
    } finally {
      await shield(async () => {
        await sleep(100);
        open--;
      });
    }
  }, () => assert(open >= 0));
});

Deno.test("a scenario that has to wait for the world outside only at times is fine", async () => {
  let runs = 0;
  const { points } = await cancelEverywhere(async () => {
    await using child = await createSubprocessExec("cat", [], { stdin: PIPE });
    child.stdin!.close();
    if (runs++ > 0) await until(() => child.returnCode !== undefined);
    assertEquals(await child.wait(), 0);
  }, noCheck);
  assertEquals(points, 2);
});

Deno.test("a scenario that waits for others of its own tasks only at times is not", async () => {
  let runs = 0;
  const event = new Event();
  const error = await assertRejects(
    () =>
      cancelEverywhere(async () => {
        if (runs++ > 1) event.set();
        else getRunningLoop().callLater(1, () => event.set());
        await event.wait();
        event.clear();
      }, noCheck),
    CancelEverywhereError,
  );
  assertStringIncludes(error.message, "it has to do the same each time");
});

// --- In the middle of other things -------------------------------------------

Deno.test("every run starts at zero on a clock of its own", async () => {
  await cancelEverywhere(async () => {
    assertEquals(getRunningLoop().time(), 0);
    await sleep(86_400_000);
  }, noCheck);
});

Deno.test("a cancel of the caller goes to the scenario", async () => {
  await run(async () => {
    let checks = 0;
    const task = createTask(() =>
      cancelEverywhere(async () => {
        task.cancel();
        await sleep(1);
      }, () => void checks++)
    );
    await assertRejects(async () => await task, CancelledError);
    assertEquals(checks, 0);
  });
});

Deno.test("a scenario that catches its cancel and runs on is reported to the loop of its caller", async () => {
  const reported = Promise.withResolvers<string>();
  await run(async () => {
    getRunningLoop().setExceptionHandler((_, { message }) =>
      reported.resolve(message)
    );
    await assertRejects(() =>
      cancelEverywhere(async () => {
        try {
          await sleep(1);
        } catch {
          await reported.promise;
        }
      }, () => {
        throw new Error("this ends it");
      }), CancelEverywhereError);
  });
  assertStringIncludes(await reported.promise, "still runs");
});

Deno.test("what is no function is refused", async () => {
  await assertRejects(() => cancelEverywhere(1 as never, noCheck), TypeError);
  await assertRejects(
    () => cancelEverywhere(() => sleep(1), undefined as never),
    TypeError,
    "check is a function",
  );
});
