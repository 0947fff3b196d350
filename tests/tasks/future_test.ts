import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  EventLoop,
  Future,
  InvalidStateError,
  isFuture,
  run,
  Runner,
  sleep,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

Deno.test("a new future is pending, and has neither result nor error", () => {
  const future = new Future<number>();
  assertEquals([future.done, future.cancelled], [false, false]);
  assertThrows(() => future.result(), InvalidStateError);
  assertThrows(() => future.exception(), InvalidStateError);
});

Deno.test("a future with a result gives it to every await, however late", async () => {
  const future = new Future<number>();
  const early = Promise.all([future, future]);
  future.setResult(42);
  assertEquals(await early, [42, 42]);
  assertEquals(await future, 42);
  assertEquals([future.done, future.cancelled], [true, false]);
  assertEquals([future.result(), future.exception()], [42, undefined]);
});

Deno.test("a failed future throws the same error object each time", async () => {
  const future = new Future<number>();
  const error = new Error("boom");
  future.setException(error);
  assertStrictEquals(future.exception(), error);
  assertStrictEquals(assertThrows(() => future.result()), error);
  assertStrictEquals(await assertRejects(async () => await future), error);
  assertEquals([future.done, future.cancelled], [true, false]);
});

Deno.test("a future may fail with undefined", async () => {
  const future = new Future<number>();
  future.setException(undefined);
  let caught = 0;
  try {
    await future;
  } catch (error) {
    caught++;
    assertEquals(error, undefined);
  }
  try {
    future.result();
  } catch {
    caught++;
  }
  assertEquals(caught, 2);
});

Deno.test("a cancelled future throws the CancelledError with its message", async () => {
  const future = new Future<number>();
  const waiting = assertRejects(
    async () => await future,
    CancelledError,
    "enough",
  );
  assertEquals(future.cancel("enough"), true);
  assertEquals([future.done, future.cancelled], [true, true]);
  assertThrows(() => future.result(), CancelledError, "enough");
  assertThrows(() => future.exception(), CancelledError, "enough");
  await waiting;
});

Deno.test("a future ends once", () => {
  const endings: [string, (future: Future<number>) => void][] = [
    ["done", (future) => future.setResult(1)],
    ["failed", (future) => {
      future.setException(new Error("1"));
      future.exception();
    }],
    ["cancelled", (future) => future.cancel()],
  ];
  for (const [state, end] of endings) {
    const future = new Future<number>();
    end(future);
    assertThrows(() => future.setResult(2), InvalidStateError, state);
    assertThrows(() => future.setException(new Error("2")), InvalidStateError);
    assertEquals(future.cancel(), false);
    assertEquals(future.cancelled, state === "cancelled");
  }
});

Deno.test("done callbacks are called soon, never synchronously, in the order in which they were added", async () => {
  const order: unknown[] = [];
  const future = new Future<number>();
  future.addDoneCallback((it) => order.push(["first", it === future]));
  future.addDoneCallback((it) => order.push(["second", it.result()]));
  future.setResult(1);
  assertEquals(order, []);
  future.addDoneCallback(() => order.push(["late"]));
  assertEquals(order, []);
  await turns(1);
  assertEquals(order, [["first", true], ["second", 1], ["late"]]);
});

Deno.test("done callbacks are called after errors and cancels, too", async () => {
  const heard: unknown[] = [];
  const failed = new Future<number>();
  failed.addDoneCallback((it) => heard.push(String(it.exception())));
  failed.setException(new Error("boom"));
  const cancelled = new Future<number>();
  cancelled.addDoneCallback((it) => heard.push(it.cancelled));
  cancelled.cancel();
  await turns(1);
  assertEquals(heard, ["Error: boom", true]);
});

Deno.test("the same done callback may be added several times, and is taken back as often", async () => {
  let calls = 0;
  const callback = () => void calls++;
  const future = new Future<number>();
  future.addDoneCallback(callback);
  future.addDoneCallback(callback);
  future.addDoneCallback(() => void (calls += 10));
  const twice = new Future<number>();
  twice.addDoneCallback(callback);
  twice.addDoneCallback(callback);
  assertEquals(future.removeDoneCallback(callback), 2);
  assertEquals(future.removeDoneCallback(callback), 0);
  future.setResult(1);
  twice.setResult(1);
  assertEquals(twice.removeDoneCallback(callback), 0); // on its way already
  await turns(1);
  assertEquals(calls, 12);
});

Deno.test("a done callback runs in no task, with a copy of the context where it was added", async () => {
  const user = new ContextVar("user", { default: "guest" });
  const seen: unknown[] = [];
  const future = new Future<void>();
  const task = createTask(() => {
    user.set("ada");
    future.addDoneCallback(() => {
      seen.push(user.get(), currentTask());
      user.set("changed");
    });
    user.set("grace");
    future.addDoneCallback(() => seen.push(user.get()));
  });
  await task;
  future.setResult();
  await turns(1);
  assertEquals(seen, ["ada", undefined, "grace"]);
});

Deno.test("addDoneCallback is no wait: a cancel of the task leaves the future alone", async () => {
  const future = new Future<number>();
  const task = createTask(async () => {
    future.addDoneCallback(() => {});
    await sleep(60_000);
  });
  await turns();
  task.cancel();
  await turns();
  assertEquals([task.cancelled, future.done], [true, false]);
});

Deno.test("then, catch and finally called in a task are waits of that task", async () => {
  const ways: ((future: Future<void>) => Promise<void>)[] = [
    (future) => future.then(() => {}),
    (future) => future.catch(() => {}),
    (future) => future.finally(() => {}),
  ];
  for (const way of ways) {
    const future = new Future<void>();
    const task = createTask(() => way(future));
    await turns();
    task.cancel();
    await turns();
    assert(future.cancelled, String(way));
  }
});

Deno.test("then, catch and finally do what a promise's do", async () => {
  const good = new Future<number>();
  good.setResult(1);
  const bad = new Future<number>();
  bad.setException(new Error("boom"));
  assertEquals(await good.then((value) => value + 1), 2);
  assertEquals(await good.catch(() => 0), 1);
  assertEquals(await bad.catch((error) => error.message), "boom");
  assertEquals(await bad.then(() => 0, () => 7), 7);
  let ran = 0;
  assertEquals(await good.finally(() => void ran++), 1);
  await assertRejects(() => bad.finally(() => void ran++), Error, "boom");
  assertEquals(ran, 2);
});

Deno.test("a floating then of a future that is cancelled is no unhandled rejection", async () => {
  const future = new Future<number>();
  future.then(() => {});
  future.finally(() => {});
  future.cancel();
  future.then(() => {});
  await turns();
});

Deno.test("isFuture knows futures and tasks, and nothing else", async () => {
  const task = createTask(() => 1);
  assert(isFuture(new Future()) && isFuture(task));
  for (const other of [Promise.resolve(), { then() {} }, Future, null, 1]) {
    assertEquals(isFuture(other), false);
  }
  await task;
});

Deno.test("a future belongs to the current loop, or to the one given", async () => {
  await using runner = new Runner();
  const reports: string[] = [];
  runner.loop.setExceptionHandler((_, { message }) => reports.push(message));
  new Future<void>({ loop: runner.loop }).setException(new Error("1"));
  runner.loop.createFuture<void>().setException(new Error("2"));
  await runner.run(() => {
    new Future<void>().setException(new Error("3"));
  });
  await runner.close();
  assertEquals(reports.length, 3);
});

Deno.test("a future of something that is no loop is a TypeError", () => {
  for (const loop of [{}, null, 1, EventLoop] as never[]) {
    assertThrows(() => new Future({ loop }), TypeError);
  }
});

Deno.test("a done callback that is no function is a TypeError", () => {
  const future = new Future<void>();
  for (const callback of [undefined, null, {}, "f"] as never[]) {
    assertThrows(() => future.addDoneCallback(callback), TypeError);
  }
});

Deno.test("a done callback that throws is reported, and the others are called", async () => {
  const messages: string[] = [];
  let called = false;
  await run(async () => {
    const future = new Future<void>();
    currentTask()!.loop.setExceptionHandler((_, { message }) =>
      messages.push(message)
    );
    future.addDoneCallback(function broken() {
      throw new Error("boom");
    });
    future.addDoneCallback(() => void (called = true));
    future.setResult();
    await sleep(0);
  });
  assertEquals(messages, ["Exception in callback broken"]);
  assert(called);
});

Deno.test("Object.prototype.toString and console.log show what it is", async () => {
  const future = new Future<number>();
  assertEquals(String(future), "[object Future]");
  assertEquals(Deno.inspect(future), 'Future { state: "pending" }');
  future.setResult(1);
  assertEquals(Deno.inspect(future), 'Future { state: "done", result: 1 }');
  const task = createTask(() => 1, { name: "t" });
  assertEquals(String(task), "[object Task]");
  await task;
});
