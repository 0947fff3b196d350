import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  ensureFuture,
  Future,
  gather,
  getRunningLoop,
  run,
  sleep,
  Task,
  wait,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../_helpers/reports.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("ensureFuture makes a task of a function", async () => {
  const task = ensureFuture(() => "ok");
  assert(task instanceof Task);
  assertEquals([await task, task.result()], ["ok", "ok"]);
});

Deno.test("ensureFuture gives futures and tasks back as they are", () => {
  const future = new Future<string>();
  assertStrictEquals(ensureFuture(future), future);
  future.setResult("ko");
  assertStrictEquals(ensureFuture(future), future);
  const task = createTask(() => "task");
  assertStrictEquals(ensureFuture(task), task);
});

Deno.test("ensureFuture follows a promise, and any thenable", async () => {
  const thenable: PromiseLike<string> = {
    then: (resolve) => Promise.resolve("thenable").then(resolve),
  };
  assertEquals(await ensureFuture(Promise.resolve("promise")), "promise");
  assertEquals(await ensureFuture(thenable), "thenable");
  const error = new Error("boom");
  const failed = ensureFuture(Promise.reject(error));
  await wait([failed]);
  assertStrictEquals(failed.exception(), error);
});

Deno.test("cancel of the future of a promise returns whether it had still to end", async () => {
  const settled = ensureFuture(Promise.resolve("ok"));
  assertEquals(await settled, "ok");
  assertEquals(settled.cancel(), false);
  const waiting = ensureFuture(new Promise<never>(() => {}));
  assertEquals([waiting.cancel(), waiting.cancel()], [true, false]);
  await assertRejects(async () => await waiting, CancelledError);
});

Deno.test("ensureFuture of anything else is a TypeError that says what it was", () => {
  for (const [value, found] of [["ok", '"ok"'], [5, "5"], [null, "null"]]) {
    assertThrows(
      () => ensureFuture(value as unknown as Promise<void>),
      TypeError,
      `received ${found}`,
    );
  }
});

Deno.test("ensureFuture in a run makes futures of that run's loop", async () => {
  await run(() => {
    const task = ensureFuture(() => 1);
    assertStrictEquals((task as Task<number>).loop, getRunningLoop());
  });
});

Deno.test("the future of a promise that rejects with a cancel is cancelled, and no failure", () =>
  virtually(async () => {
    const task = createTask(() => sleep(1000));
    const other = createTask(() => sleep(100));
    const promise = (async () => await task)();
    getRunningLoop().callLater(10, () => task.cancel("enough"));
    const { done } = await wait<unknown>([promise, other], {
      returnWhen: "FIRST_EXCEPTION",
    });
    const [future] = [...done];
    assertEquals([done.size, future!.cancelled], [2, true]);
    assertThrows(() => future!.result(), CancelledError, "enough");
  }));

Deno.test("cancelling the future of a promise gives the promise up, and its end is ignored", async () => {
  const reports = await reportsOf(async () => {
    let reject!: (error: Error) => void;
    const promise = new Promise<void>((_, refuse) => reject = refuse);
    const future = ensureFuture(promise);
    assert(future.cancel("no more"));
    assert(future.cancelled);
    reject(new Error("too late"));
    await turns();
    await assertRejects(async () => await future, CancelledError, "no more");
  });
  assertEquals(reports, []);
});

Deno.test("a promise given to gather twice, and to ensureFuture, settles all of them", async () => {
  let resolve!: (value: number) => void;
  const promise = new Promise<number>((done) => resolve = done);
  const future = ensureFuture(promise);
  const both = gather([promise, promise]);
  resolve(1);
  assertEquals([await both, await future], [[1, 1], 1]);
});
