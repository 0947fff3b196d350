import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  ContextVar,
  createTask,
  currentTask,
  EventLoop,
  type ExceptionContext,
  getRunningLoop,
  run,
  Runner,
  sleep,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("callSoon calls after the synchronous code, in order", async () => {
  const order: number[] = [];
  const loop = getRunningLoop();
  for (const i of [1, 2, 3]) loop.callSoon(() => void order.push(i));
  assertEquals(order, []);
  await turns(1);
  assertEquals(order, [1, 2, 3]);
});

Deno.test("what a callback registers is called after what was registered before it", async () => {
  const order: string[] = [];
  const loop = getRunningLoop();
  loop.callSoon(() => {
    order.push("a");
    loop.callSoon(() => void order.push("a's"));
  });
  loop.callSoon(() => void order.push("b"));
  await turns(1);
  assertEquals(order, ["a", "b", "a's"]);
});

Deno.test("a callback may cancel another one that is due in the same turn", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    let called = false;
    loop.callLater(10, () => second.cancel());
    const second = loop.callLater(10, () => void (called = true));
    loop.callSoon(() => soon.cancel());
    const soon = loop.callSoon(() => void (called = true));
    await sleep(20);
    assertEquals(called, false);
  }));

Deno.test("callbacks run in no task, with a copy of the context where they were registered", async () => {
  const user = new ContextVar("user", { default: "guest" });
  const seen: unknown[] = [];
  await run(async () => {
    const loop = getRunningLoop();
    user.set("ada");
    const look = () => {
      seen.push([user.get(), currentTask(), getRunningLoop() === loop]);
      user.set("changed");
    };
    loop.callSoon(look);
    loop.callLater(1, look);
    loop.callAt(loop.time() + 1, look);
    user.set("grace");
    await sleep(5);
    assertEquals(user.get(), "grace");
  });
  assertEquals(seen, Array(3).fill(["ada", undefined, true]));
});

Deno.test("an error in a callback goes to the exception handler, and the loop goes on", async () => {
  const reports: ExceptionContext[] = [];
  const error = new Error("boom");
  await run(async () => {
    const loop = getRunningLoop();
    loop.setExceptionHandler((it, report) => {
      assertStrictEquals(it, loop);
      reports.push(report);
    });
    let after = false;
    loop.callSoon(function broken() {
      throw error;
    });
    loop.callLater(0, () => {
      throw error;
    });
    loop.callSoon(() => void (after = true));
    await sleep(1);
    assert(after);
  });
  assertEquals(reports.map((report) => report.error), [error, error]);
  assert(reports[0]!.message.includes("broken"), reports[0]!.message);
});

Deno.test("callExceptionHandler tells the handler that was set, or writes on stderr", async () => {
  const written: unknown[][] = [];
  const { error } = console;
  console.error = (...args) => void written.push(args);
  try {
    await run(() => {
      const loop = getRunningLoop();
      const context = {
        message: "something happened",
        error: new Error("boom"),
      };
      const told: unknown[] = [];
      loop.setExceptionHandler((_, it) => told.push(it));
      loop.callExceptionHandler(context);
      assertEquals([told, written], [[context], []]);
      loop.setExceptionHandler(undefined);
      loop.callExceptionHandler(context);
      assertEquals(told.length, 1);
    });
  } finally {
    console.error = error;
  }
  const text = written.flat().map((it) => it instanceof Error ? it.stack : it)
    .join(" ");
  for (const part of ["something happened", "boom", "loop_test.ts"]) {
    assert(text.includes(part), text);
  }
});

Deno.test("an exception handler that throws loses neither error", async () => {
  const written: unknown[] = [];
  const { error } = console;
  console.error = (...args) => void written.push(...args);
  try {
    await run(() => {
      const loop = getRunningLoop();
      loop.setExceptionHandler(() => {
        throw new Error("in the handler");
      });
      loop.callExceptionHandler({
        message: "something happened",
        error: new Error("boom"),
      });
    });
  } finally {
    console.error = error;
  }
  const text = written.map(String).join(" ");
  for (const part of ["something happened", "boom", "in the handler"]) {
    assert(text.includes(part), text);
  }
});

Deno.test("loops outside of run are one and the same, and work by hand too", async () => {
  assertStrictEquals(getRunningLoop(), getRunningLoop());
  const loop = new EventLoop();
  const seen: unknown[] = [];
  loop.callSoon(() => seen.push(getRunningLoop() === loop));
  assertEquals(await loop.createTask(() => getRunningLoop() === loop), true);
  assertEquals(seen, [true]);
});

Deno.test("bad input to the loop throws, and calls nothing", async () => {
  const loop = getRunningLoop();
  for (const bad of [undefined, null, 1, Promise.resolve()] as never[]) {
    assertThrows(() => loop.callSoon(bad), TypeError);
    assertThrows(() => loop.callLater(1, bad), TypeError);
    assertThrows(() => loop.callAt(1, bad), TypeError);
    assertThrows(() => loop.addSignalHandler("SIGUSR1", bad), TypeError);
  }
  let called = false;
  const callback = () => void (called = true);
  assertThrows(() => loop.callLater(NaN, callback), RangeError);
  assertThrows(() => loop.callAt(NaN, callback), RangeError);
  assertThrows(() => loop.callLater("5" as never, callback), TypeError);
  assertThrows(() => loop.slowCallbackDuration = NaN, RangeError);
  for (const bad of [1, {}, "f"] as never[]) {
    assertThrows(() => loop.setExceptionHandler(bad), TypeError);
  }
  await turns(1);
  assertEquals(called, false);
});

Deno.test("sleep gives way at least once, is never early, and gives its result", () =>
  virtually(async () => {
    const order: string[] = [];
    const sleeper = createTask(async () => {
      await sleep(0);
      order.push("sleeper");
    }, { eager: true });
    createTask(() => void order.push("other"));
    await sleeper;
    assertEquals(order, ["other", "sleeper"]);
    assertEquals(await sleep(5, { result: "result" }), "result");
    assertEquals(await sleep(0, { result: "result" }), "result");
    assertEquals(await sleep(-1), undefined);
  }));

Deno.test("isRunning and isClosed tell where the run of a loop is", async () => {
  const loop = await run(() => {
    const loop = getRunningLoop();
    assertEquals([loop.isRunning, loop.isClosed], [true, false]);
    return loop;
  });
  assertEquals([loop.isRunning, loop.isClosed], [false, true]);
  assertEquals(
    [getRunningLoop().isRunning, getRunningLoop().isClosed],
    [true, false],
  );
});

Deno.test("the loop of a runner runs while a run is under way, and while it is closed", async () => {
  const runner = new Runner();
  const { loop } = runner;
  const seen = [loop.isRunning];
  await runner.run(() => {
    seen.push(loop.isRunning);
    createTask(async () => {
      try {
        await sleep(60_000);
      } finally {
        seen.push(loop.isRunning);
      }
    });
    return sleep(0);
  });
  seen.push(loop.isRunning);
  await runner.close();
  assertEquals(seen, [false, true, false, true]);
  assertEquals([loop.isRunning, loop.isClosed], [false, true]);
});

Deno.test("getExceptionHandler gives what was set", () => {
  const loop = new EventLoop();
  const handler = () => {};
  assertEquals(loop.getExceptionHandler(), undefined);
  loop.setExceptionHandler(handler);
  assertStrictEquals(loop.getExceptionHandler(), handler);
  loop.setExceptionHandler(undefined);
  assertEquals(loop.getExceptionHandler(), undefined);
});
