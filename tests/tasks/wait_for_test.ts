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
  getRunningLoop,
  shield,
  sleep,
  timeout,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("waitFor gives what ends in time, and throws what fails in time", () =>
  virtually(async () => {
    assertEquals(
      await waitFor(() => sleep(9, { result: "function" }), 10),
      "function",
    );
    assertEquals(
      await waitFor(createTask(() => sleep(9, { result: "task" })), 10),
      "task",
    );
    assertEquals(await waitFor(Promise.resolve("promise"), 10), "promise");
    assertEquals(
      await waitFor(() => sleep(1e9, { result: "no limit" }), Infinity),
      "no limit",
    );
    const error = new Error("boom");
    const fail = () => Promise.reject(error);
    for (const awaitable of [fail, createTask(fail), fail()]) {
      assertStrictEquals(
        await assertRejects(() => waitFor(awaitable, 10)),
        error,
      );
    }
  }));

Deno.test("a function runs in the caller's own task, without arguments", () =>
  virtually(async () => {
    const seen = await waitFor(
      (...args: unknown[]) => [currentTask(), args.length],
      10,
    );
    assertEquals(seen, [currentTask(), 0]);
  }));

Deno.test("on timeout the awaitable is cancelled, and TimeoutError thrown when it has ended", () =>
  virtually(async () => {
    const ended: number[] = [];
    const work = async () => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(5);
        ended.push(now());
      }
    };
    await assertRejects(() => waitFor(work, 10), TimeoutError);
    const task = createTask(work);
    await assertRejects(() => waitFor(task, 10), TimeoutError);
    assertEquals([ended, task.cancelled, now()], [[15, 30], true, 30]);
    const future = new Future<void>();
    await assertRejects(() => waitFor(future, 10), TimeoutError);
    assertEquals(future.cancelled, true);
    assertEquals(currentTask()!.cancelling, 0);
  }));

Deno.test("a result or an error in spite of the cancel counts", () =>
  virtually(async () => {
    const stubborn = () => sleep(60_000).catch(() => "in spite");
    const failing = () =>
      sleep(60_000).finally(() => {
        throw new Error("clean-up");
      });
    for (const ms of [10, 0]) {
      const task = createTask(stubborn);
      const bad = createTask(failing);
      await sleep(0);
      assertEquals(await waitFor(task, ms), "in spite");
      await assertRejects(() => waitFor(bad, ms), Error, "clean-up");
    }
    assertEquals(await waitFor(stubborn, 10), "in spite");
    await assertRejects(() => waitFor(failing, 10), Error, "clean-up");
    await sleep(0);
  }));

Deno.test("a foreign promise is given up at once, and its late rejection stays silent", async () => {
  for (const ms of [0, 1]) {
    let reject!: (error: Error) => void;
    const foreign = new Promise<void>((_, it) => reject = it);
    await assertRejects(() => waitFor(foreign, ms), TimeoutError);
    reject(new Error("late"));
    await turns(1);
  }
});

Deno.test("with zero or less a function is never started, what is done counts, and a task is cancelled", () =>
  virtually(async () => {
    for (const ms of [0, -1, -Infinity]) {
      let ran = false;
      await assertRejects(
        () => waitFor(() => void (ran = true), ms),
        TimeoutError,
      );
      assertEquals(ran, false);
      const done = createTask(() => "done", { eager: true });
      assertEquals(await waitFor(done, ms), "done");
      const task = createTask(() => sleep(60_000));
      await assertRejects(() => waitFor(task, ms), TimeoutError);
      assert(task.cancelled);
    }
    await sleep(0);
  }));

Deno.test("a cancel from outside cancels the awaitable, and is thrown when that has ended", () =>
  virtually(async () => {
    for (const signal of [undefined, new AbortController().signal]) {
      let cleaned = false;
      const inner = createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(5);
          cleaned = true;
        }
      });
      const task = createTask(() => waitFor(inner, 1e6, signal && { signal }));
      await sleep(1);
      task.cancel("outside");
      await assertRejects(async () => await task, CancelledError, "outside");
      assertEquals([cleaned, inner.cancelled], [true, true]);
    }
  }));

Deno.test("a cancel from outside in the turn of the timeout is not swallowed", () =>
  virtually(async () => {
    const inner = createTask(() => sleep(60_000));
    const task = createTask(() => waitFor(inner, 10));
    getRunningLoop().callLater(10, () => task.cancel("outside"));
    await sleep(10);
    await assertRejects(async () => await task, CancelledError, "outside");
    assert(inner.cancelled);
  }));

Deno.test("a cancel from outside while the timed-out work cleans up is not swallowed", () =>
  virtually(async () => {
    const task = createTask(() =>
      waitFor(() => sleep(60_000).finally(() => sleep(10)), 10)
    );
    await sleep(15);
    task.cancel("outside");
    await assertRejects(async () => await task, CancelledError, "outside");
  }));

Deno.test("a work that is cancelled by itself is no timeout", () =>
  virtually(async () => {
    const inner = createTask(() => sleep(60_000));
    getRunningLoop().callLater(5, () => inner.cancel("alone"));
    await assertRejects(() => waitFor(inner, 10), CancelledError, "alone");
  }));

Deno.test("a work that ends in the turn of the timeout, before it, counts", () =>
  virtually(async () => {
    const future = new Future<string>();
    getRunningLoop().callLater(10, () => future.setResult("in time"));
    assertEquals(await waitFor(future, 10), "in time");
  }));

Deno.test("an abort rejects at once with the reason, and cancels the awaitable", () =>
  virtually(async () => {
    for (const ms of [1e6, Infinity]) {
      const start = now();
      const controller = new AbortController();
      const inner = createTask(() => sleep(60_000).finally(() => sleep(50)));
      getRunningLoop().callLater(5, () => controller.abort("reason"));
      const error = await waitFor(inner, ms, controller).catch((it) => it);
      assertEquals([error, now() - start, inner.done], ["reason", 5, false]);
      await assertRejects(async () => await inner, CancelledError);
      await sleep(0);
    }
  }));

Deno.test("an abort cancels a function that runs, and what it throws later stays silent", () =>
  virtually(async () => {
    const controller = new AbortController();
    let cleaned = false;
    const work = async () => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(5);
        cleaned = true;
        // deno-lint-ignore no-unsafe-finally -- a clean-up that fails
        throw new Error("silent");
      }
    };
    getRunningLoop().callLater(5, () => controller.abort("reason"));
    assertEquals(
      await waitFor(work, 1e6, controller).catch((it) => it),
      "reason",
    );
    await sleep(10);
    assert(cleaned);
  }));

Deno.test("with a signal aborted already, or a cancel undelivered, nothing is started or cancelled", () =>
  virtually(async () => {
    let ran = false;
    const inner = createTask(() => sleep(5, { result: "untouched" }));
    const work = () => void (ran = true);
    for (const awaitable of [inner, work]) {
      const signal = AbortSignal.abort("reason");
      assertEquals(
        await waitFor<unknown>(awaitable, 10, { signal }).catch((it) => it),
        "reason",
      );
      const task = createTask(() => {
        currentTask()!.cancel();
        return waitFor<unknown>(awaitable, 10);
      });
      await assertRejects(async () => await task, CancelledError);
    }
    assertEquals([ran, await inner], [false, "untouched"]);
  }));

Deno.test("waitFor with a signal gives value, error and timeout like without", () =>
  virtually(async () => {
    const { signal } = new AbortController();
    assertEquals(
      await waitFor(() => sleep(5, { result: 1 }), 10, { signal }),
      1,
    );
    await assertRejects(
      () => waitFor(() => Promise.reject(new Error("boom")), 10, { signal }),
      Error,
      "boom",
    );
    await assertRejects(
      () => waitFor(() => sleep(60_000), 10, { signal }),
      TimeoutError,
    );
  }));

Deno.test("a shield keeps the work from the timeout", () =>
  virtually(async () => {
    const work = createTask(() => sleep(20, { result: "saved" }));
    await assertRejects(() => waitFor(shield(work), 10), TimeoutError);
    assertEquals(await work, "saved");
  }));

Deno.test("waitFor nests, and mixes with timeout", () =>
  virtually(async () => {
    await assertRejects(
      () => waitFor(() => waitFor(() => sleep(60_000), 20), 10),
      TimeoutError,
    );
    assertEquals(now(), 10);
    await assertRejects(
      () => timeout(10, () => waitFor(() => sleep(60_000), 10)),
      TimeoutError,
    );
    assertEquals(now(), 20);
    await sleep(0);
  }));

Deno.test("bad input to waitFor rejects before anything starts", async () => {
  let ran = false;
  const work = () => void (ran = true);
  await assertRejects(() => waitFor(work, NaN), RangeError);
  for (const ms of ["5", null, {}] as never[]) {
    await assertRejects(() => waitFor(work, ms), TypeError);
  }
  for (const bad of [1, null, undefined, {}] as never[]) {
    await assertRejects(() => waitFor(bad, 5), TypeError);
  }
  await turns(1);
  assertEquals(ran, false);
});

Deno.test("a floating waitFor that is cancelled is no unhandled rejection", async () => {
  const task = createTask(async () => {
    waitFor(() => sleep(60_000), 1e6);
    waitFor(new Future<void>(), 1e6, { signal: new AbortController().signal });
    await sleep(60_000);
  });
  await turns();
  task.cancel();
  await turns();
  assert(task.cancelled);
});
