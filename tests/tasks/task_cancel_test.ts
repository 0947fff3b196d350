import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  isCancelled,
  sleep,
  type Task,
  wait,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

/** Never settles, and knows nothing of cancels. */
const forever = () => new Promise<never>(() => {});

Deno.test("a cancelled task gets CancelledError in its wait, with the message, and cleans up", async () => {
  const seen: unknown[] = [];
  const task = createTask(async () => {
    try {
      await sleep(60_000);
    } catch (error) {
      seen.push(
        isCancelled(error),
        (error as Error).message,
        (error as Error).name,
      );
      throw error;
    } finally {
      await sleep(0);
      seen.push("cleaned up");
    }
  });
  await turns();
  assertEquals(task.cancel("enough"), true);
  assertEquals([task.done, task.cancelled], [false, false]);
  await assertRejects(async () => await task, CancelledError, "enough");
  assertEquals(seen, [true, "enough", "CancelledError", "cleaned up"]);
  assertEquals([task.done, task.cancelled], [true, true]);
  assertEquals(task.cancel(), false);
});

Deno.test("a task that is cancelled before it started never runs", async () => {
  let ran = false;
  const task = createTask(() => void (ran = true));
  task.cancel("too late");
  await assertRejects(async () => await task, CancelledError, "too late");
  assertEquals(ran, false);
});

Deno.test("a task that catches the cancel and goes on, lives", async () => {
  const task = createTask(async () => {
    try {
      await sleep(60_000);
    } catch { /* swallowed */ }
    await sleep(0);
    await sleep(1);
    return "alive";
  });
  await turns();
  task.cancel();
  assertEquals(await task, "alive");
  assertEquals([task.cancelled, task.cancelling], [false, 1]);
});

Deno.test("a task whose clean-up fails ends with that error", async () => {
  const task = createTask(async () => {
    try {
      await sleep(60_000);
    } catch {
      throw new Error("clean-up failed");
    }
  });
  await turns();
  task.cancel();
  await assertRejects(async () => await task, Error, "clean-up failed");
  assertEquals(task.cancelled, false);
});

Deno.test("a CancelledError that leaves the coroutine ends the task cancelled, also if the coroutine threw it", async () => {
  const task = createTask(() => {
    throw new CancelledError("my own");
  });
  await assertRejects(async () => await task, CancelledError, "my own");
  assertEquals([task.cancelled, task.cancelling], [true, 0]);
});

Deno.test("a wake-up that came before the cancel is delivered, and the cancel is delivered at the next wait", async () => {
  const future = new Future<string>();
  const seen: string[] = [];
  const task = createTask(async () => {
    seen.push(await future);
    seen.push("goes on");
    await sleep(0);
    seen.push("not reached");
  });
  await turns();
  future.setResult("handed over");
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, ["handed over", "goes on"]);
});

Deno.test("a cancel that came before the wake-up wins", async () => {
  let reached = false;
  const task = createTask(async () => {
    await sleep(0);
    reached = true;
  }, { eager: true });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(reached, false);
});

Deno.test("a wake-up that came before the cancel is delivered past any budget too", async () => {
  const futures = Array.from({ length: 2000 }, () => new Future<void>());
  let waiting = 0;
  let delivered = 0;
  const tasks = futures.map((future) =>
    createTask(async () => {
      waiting++;
      await future;
      delivered++;
      await sleep(60_000);
    })
  );
  while (waiting < 2000) await turns();
  for (const future of futures) future.setResult();
  for (const task of tasks) task.cancel();
  await wait(tasks);
  assertEquals(delivered, 2000);
  assert(tasks.every((task) => task.cancelled));
});

Deno.test("a task that returns with an undelivered cancel ends cancelled", async () => {
  const task = createTask(() => {
    currentTask()!.cancel("myself");
    return "dropped";
  });
  await assertRejects(async () => await task, CancelledError, "myself");
  assert(task.cancelled);
});

Deno.test("a task that fails with an undelivered cancel ends with its error", async () => {
  const task = createTask(() => {
    currentTask()!.cancel();
    throw new Error("boom");
  });
  await assertRejects(async () => await task, Error, "boom");
});

Deno.test("an undelivered cancel is delivered at the next wait, also where there is nothing to wait for", async () => {
  const done = new Future<number>();
  done.setResult(1);
  const waits = [
    () => done,
    () => sleep(0),
    () => sleep(-1),
    () => createTask(() => 1),
  ];
  for (const wait of waits) {
    let after = false;
    const task = createTask(async () => {
      currentTask()!.cancel();
      await wait();
      after = true;
    });
    await assertRejects(async () => await task, CancelledError);
    assertEquals(after, false, String(wait));
  }
});

Deno.test("a cancel ends all the waits that a task is in at once", async () => {
  const task = createTask(async () => {
    const ends = await Promise.allSettled([
      sleep(60_000),
      sleep(50_000),
      new Future(),
    ]);
    return ends.map(({ status }) => status);
  });
  await turns();
  task.cancel();
  assertEquals(await task, ["rejected", "rejected", "rejected"]);
});

Deno.test("floating waits of a cancelled task are no unhandled rejections", async () => {
  const task = createTask(async () => {
    sleep(60_000);
    new Future<void>().then(() => {});
    createTask(() => sleep(60_000)).then(() => {});
    await forever();
  });
  await turns();
  task.cancel();
  sleep(0);
  await turns();
  assertEquals(task.done, false);
});

Deno.test("a wait begun while a cancel is undelivered is no unhandled rejection", async () => {
  const task = createTask(async () => {
    currentTask()!.cancel();
    sleep(0);
    await new Promise((resolve) => setTimeout(resolve));
    return "the cancel was taken by the floating wait";
  });
  assertEquals(await task, "the cancel was taken by the floating wait");
});

Deno.test("a cancel comes from a done callback as well", async () => {
  const future = new Future<void>();
  const task = createTask(() => sleep(60_000));
  future.addDoneCallback(() => task.cancel("by callback"));
  await turns();
  future.setResult();
  await assertRejects(async () => await task, CancelledError, "by callback");
});

Deno.test("a cancelled await of a task keeps the original CancelledError object", async () => {
  const errors: unknown[] = [];
  const task: Task<void> = createTask(async () => {
    try {
      await sleep(60_000);
    } catch (error) {
      errors.push(error);
      throw error;
    }
  });
  await turns();
  task.cancel("x");
  await task.catch((error) => errors.push(error));
  assertStrictEquals(errors[0], errors[1]);
});
