import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  gather,
  getRunningLoop,
  shield,
  sleep,
  timeout,
  TimeoutError,
  wait,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("a task that was cancelled before it awaits another cancels that one too", async () => {
  const future = new Future<void>();
  const nested = createTask(async () => await future);
  const task = createTask(async () => {
    await turns();
    currentTask()!.cancel("enough");
    await nested;
  });
  const error = await assertRejects(async () => await task, CancelledError);
  assertEquals(error.message, "enough");
  await turns();
  assert(task.cancelled && nested.cancelled && future.cancelled);
});

Deno.test("a task that was cancelled before it awaits a gather leaves no child behind", async () => {
  const seen: string[] = [];
  const work = async (name: string) => {
    await sleep(0);
    seen.push(name);
  };
  const task = createTask(async () => {
    currentTask()!.cancel();
    await gather([() => work("a"), () => work("b")]);
  });
  await assertRejects(async () => await task, CancelledError);
  await turns();
  assertEquals(seen, []);
});

Deno.test("a task that was cancelled before it awaits a shield leaves the work alone", async () => {
  const work = createTask(() => sleep(1, { result: "saved" }));
  const task = createTask(async () => {
    currentTask()!.cancel();
    await shield(work);
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(await work, "saved");
});

Deno.test("an eager task that is cancelled by its creator hands the cancel to what it awaits", async () => {
  const future = new Future<void>();
  const task = createTask(async () => await future, { eager: true });
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assert(future.cancelled);
});

Deno.test("with no time at all, what the body of a timeout awaits is cancelled", () =>
  virtually(async () => {
    const inner = createTask(() => sleep(1000));
    await assertRejects(() => timeout(0, () => inner), TimeoutError);
    await wait([inner]);
    assert(inner.cancelled);
    assertEquals(getRunningLoop().time(), 0);
  }));

Deno.test("cancelling what a task awaits cancels the task", async () => {
  const future = new Future<void>();
  const task = createTask(async () => await future);
  await turns();
  future.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals([task.cancelled, task.cancelling], [true, 0]);
});

Deno.test("a task and what it awaits may be cancelled at once", async () => {
  for (const order of ["future first", "task first"]) {
    const future = new Future<void>();
    const task = createTask(async () => await future);
    await turns();
    const both = [() => future.cancel(), () => task.cancel()];
    for (const cancel of order === "task first" ? both.reverse() : both) {
      cancel();
    }
    await assertRejects(async () => await task, CancelledError);
    assert(future.cancelled && task.cancelled, order);
  }
});

Deno.test("a task that catches the cancel of its second wait gives its value", async () => {
  const [first, second] = [new Future<void>(), new Future<void>()];
  const task = createTask(async () => {
    await first;
    return await second.catch(() => 42);
  });
  await turns();
  first.setResult();
  await turns();
  task.cancel();
  assert(second.cancelled); // at once
  assertEquals(await task, 42);
  assertEquals([first.cancelled, task.cancelled], [false, false]);
});

Deno.test("a task that ignores a cancel waits on, undisturbed", async () => {
  const futures = [1, 2, 3].map(() => new Future<number>());
  const task = createTask(async () => {
    await futures[0];
    await futures[1]!.catch(() => {});
    return await futures[2];
  });
  await turns();
  futures[0]!.setResult(1);
  await turns();
  task.cancel();
  await turns();
  futures[2]!.setResult(42);
  assertEquals(await task, 42);
  assertEquals(
    futures.map(({ cancelled }) => cancelled),
    [false, true, false],
  );
});

Deno.test("the message of a cancel is in result() and exception() of the task, started or not", async () => {
  for (const started of [true, false]) {
    for (const message of [undefined, "", "my message"]) {
      const task = createTask(() => sleep(60_000));
      if (started) await turns();
      task.cancel(message);
      await wait([task]);
      for (const look of [() => task.result(), () => task.exception()]) {
        assertThrows(look, CancelledError, message ?? "");
      }
    }
  }
});

Deno.test("a cancel in a wait for the next turn", async () => {
  const task = createTask(async () => {
    await sleep(0);
    await sleep(0);
    return 12;
  });
  await Promise.resolve();
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals([task.done, task.cancelled, task.cancel()], [true, true, false]);
});

Deno.test("a cancel that is taken back once the wait is over leaves the value", async () => {
  const future = new Future<void>();
  const task = createTask(async () => {
    await future;
    return 42;
  });
  await turns();
  future.setResult();
  task.cancel();
  assertEquals([task.cancelling, task.uncancel()], [1, 0]);
  assertEquals(await task, 42);
});

Deno.test("a limit of one's own, made of callLater, cancel and uncancel", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const request = async (takes: number, limit: number) => {
      const task = currentTask()!;
      const seen = { timedOut: false, finished: false, after: false };
      const handle = loop.callLater(limit, () => {
        seen.timedOut = true;
        task.cancel();
      });
      try {
        await sleep(takes);
        seen.finished = true;
      } catch (error) {
        if (!seen.timedOut || task.uncancel() > 0) throw error;
      } finally {
        handle.cancel();
      }
      await sleep(0);
      seen.after = true;
      return seen;
    };
    for (const slow of [true, false]) {
      const task = createTask(() => slow ? request(10, 1) : request(1, 10));
      assertEquals(await task, {
        timedOut: slow,
        finished: !slow,
        after: true,
      });
      assertEquals(task.cancelling, 0);
    }
  }));

Deno.test("taking a cancel back when the task has ended changes nothing", async () => {
  const task = createTask(() => sleep(60_000));
  await turns();
  task.cancel();
  await wait([task]);
  task.uncancel();
  assert(task.done && task.cancelled);
});

Deno.test("a cancel goes from task to task through code that catches it", async () => {
  const seen: string[] = [];
  const waiter = new Future<void>();
  const inner = async () => {
    try {
      await waiter;
    } catch (error) {
      seen.push("inner");
      throw error;
    }
  };
  const outer = createTask(async () => {
    await inner().catch(() => seen.push("outer"));
  });
  await turns();
  outer.cancel();
  await outer;
  assertEquals([seen, waiter.cancelled], [["inner", "outer"], true]);
});

Deno.test("a cancel between gathers, in a loop, is thrown with its message", () =>
  virtually(async () => {
    const task = createTask(async () => {
      for (let i = 0; i < 20; i++) {
        await gather([() => sleep(50)], { returnExceptions: true });
      }
    });
    await sleep(200);
    task.cancel("my message");
    await assertRejects(
      async () => await task,
      CancelledError,
      "my message",
    );
  }));

Deno.test("a cancel before a task is awaited, and one more in the same turn, are one CancelledError", async () => {
  const seen: string[] = [];
  const inner = createTask(() => sleep(60_000));
  const task = createTask(async () => {
    currentTask()!.cancel();
    try {
      await inner;
    } finally {
      await sleep(0);
      seen.push("cleaned up");
    }
  }, { eager: true });
  await null; // the task awaits by now, and has not gone on
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, ["cleaned up"]);
});
