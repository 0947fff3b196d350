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
  sleep,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

Deno.test("a task in a foreign wait is told by its signal, and by its next wait", async () => {
  let release!: () => void;
  const foreign = new Promise<void>((resolve) => release = resolve);
  const seen: unknown[] = [];
  const task = createTask(async () => {
    const { signal } = currentTask()!;
    signal.addEventListener(
      "abort",
      () => seen.push("aborted", signal.reason.message),
    );
    await foreign;
    seen.push("goes on");
    await sleep(0);
  });
  await turns();
  task.cancel("enough");
  assertEquals(seen, ["aborted", "enough"]);
  release();
  await assertRejects(async () => await task, CancelledError, "enough");
  assertEquals(seen, ["aborted", "enough", "goes on"]);
});

Deno.test("task.signal is a fresh one once the cancel was delivered", async () => {
  const signals: AbortSignal[] = [];
  const task = createTask(async () => {
    signals.push(currentTask()!.signal, currentTask()!.signal);
    await sleep(60_000).catch(() => {});
    signals.push(currentTask()!.signal);
  });
  await turns();
  task.cancel();
  await task;
  assertStrictEquals(signals[0], signals[1]);
  assertEquals(signals.map((signal) => signal.aborted), [true, true, false]);
  assert(signals[0]!.reason instanceof CancelledError);
});

Deno.test("task.signal asked for while a cancel is undelivered is aborted, and a fresh one once it was taken back", async () => {
  await createTask(() => {
    const task = currentTask()!;
    task.cancel();
    assertEquals(task.signal.aborted, true);
    task.uncancel();
    assertEquals(task.signal.aborted, false);
  });
});

Deno.test("cancels are counted, and taken back one by one, not below zero", async () => {
  const task = createTask(async () => {
    await sleep(60_000).catch(() => {});
    return currentTask()!.cancelling;
  });
  assertEquals([task.cancelling, task.uncancel()], [0, 0]);
  await turns();
  task.cancel();
  task.cancel();
  assertEquals(task.cancelling, 2);
  assertEquals(task.uncancel(), 1);
  assertEquals(await task, 1);
  assertEquals([task.uncancel(), task.uncancel()], [0, 0]);
});

Deno.test("a cancel that is taken back before it was delivered is not delivered", async () => {
  let ran = false;
  const unstarted = createTask(() => void (ran = true));
  unstarted.cancel();
  unstarted.uncancel();
  await unstarted;
  assert(ran);

  const task = createTask(async () => {
    currentTask()!.cancel();
    currentTask()!.cancel();
    currentTask()!.uncancel();
    currentTask()!.uncancel();
    await sleep(0);
    return "untouched";
  });
  assertEquals(await task, "untouched");
});

Deno.test("taking one of two undelivered cancels back leaves the other", async () => {
  const task = createTask(async () => {
    currentTask()!.cancel();
    currentTask()!.cancel();
    currentTask()!.uncancel();
    await sleep(0);
  });
  await assertRejects(async () => await task, CancelledError);
});

Deno.test("two cancels in the same turn are one CancelledError", async () => {
  const seen: string[] = [];
  const task = createTask(async () => {
    try {
      await sleep(60_000);
    } finally {
      await sleep(0);
      seen.push("cleaned up");
    }
  });
  await turns();
  task.cancel("one");
  task.cancel("two");
  assertEquals(task.cancelling, 2);
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, ["cleaned up"]);
});

Deno.test("a second cancel, in a later turn, ends the clean-up", async () => {
  const seen: string[] = [];
  const task = createTask(async () => {
    try {
      await sleep(60_000);
    } finally {
      try {
        await sleep(60_000);
      } catch (error) {
        seen.push((error as Error).message);
      }
    }
  });
  await turns();
  task.cancel("one");
  await turns();
  task.cancel("two");
  await assertRejects(async () => await task, CancelledError, "one");
  assertEquals(seen, ["two"]);
});
