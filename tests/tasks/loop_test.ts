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
  Handle,
  run,
  sleep,
  TimerHandle,
} from "@asyncio/asyncio/tasks";
import { turns } from "./_turns.ts";
import { virtually } from "./_virtually.ts";

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

Deno.test("timers are called in the order of their times, those of the same time in the order of their setting", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const order: string[] = [];
    const start = loop.time();
    const set = (delay: number, name: string) =>
      loop.callLater(
        delay,
        () => void order.push(`${name} at ${loop.time() - start}`),
      );
    set(20, "a");
    set(10, "b");
    set(20, "c");
    set(0, "d");
    set(-5, "e");
    loop.callAt(start + 10, () => void order.push("f"));
    await sleep(30);
    assertEquals(order, [
      "e at 0",
      "d at 0",
      "b at 10",
      "f",
      "a at 20",
      "c at 20",
    ]);
  }));

Deno.test("a timer that is due at once is never called synchronously", async () => {
  let called = 0;
  const loop = getRunningLoop();
  loop.callLater(0, () => called++);
  loop.callAt(loop.time() - 1000, () => called++);
  loop.callLater(-Infinity, () => called++);
  assertEquals(called, 0);
  await turns();
  assertEquals(called, 3);
});

Deno.test("a timer that sets itself again takes turns with the others", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const order: number[] = [];
    loop.callLater(10, function again() {
      order.push(loop.time());
      if (order.length < 5) loop.callLater(10, again);
    });
    await sleep(100);
    assertEquals(order, [10, 20, 30, 40, 50]);
  }));

Deno.test("timers are never early, in real time too", async () => {
  const loop = getRunningLoop();
  for (const delay of [0.4, 1, 1.7, 3]) {
    const start = performance.now();
    await new Promise<void>((resolve) => loop.callLater(delay, resolve));
    assert(performance.now() - start >= delay, `${delay}`);
  }
});

Deno.test("a delay longer than the runtime's longest timer does not fire at once", async () => {
  const loop = getRunningLoop();
  let called = false;
  const handle = loop.callLater(3e9, () => called = true);
  const infinite = loop.callLater(Infinity, () => called = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([called, infinite.when], [false, Infinity]);
  handle.cancel();
  infinite.cancel();
});

Deno.test("a handle that is cancelled is not called, and keeps no timer", async () => {
  const loop = getRunningLoop();
  let called = 0;
  const handles = [
    loop.callSoon(() => called++),
    loop.callLater(0, () => called++),
    loop.callLater(60_000, () => called++),
  ];
  for (const handle of handles) {
    assertEquals(handle.cancelled, false);
    handle.cancel();
    handle.cancel();
    assertEquals(handle.cancelled, true);
  }
  await turns();
  assertEquals(called, 0);
  assert(
    handles[0] instanceof Handle && handles[1] instanceof TimerHandle &&
      handles[1] instanceof Handle,
  );
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

Deno.test("100 000 timers are set and cancelled, in any order, and the rest fire in order", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const fired: number[] = [];
    const times = Array.from(
      { length: 100_000 },
      (_, i) => (i * 7919) % 100_003,
    );
    const handles = times.map((ms) =>
      loop.callLater(ms, () => void fired.push(ms))
    );
    handles.forEach((handle, i) => {
      if (i % 100 !== 0) handle.cancel();
    });
    await sleep(100_003);
    const left = times.filter((_, i) => i % 100 === 0).toSorted((a, b) =>
      a - b
    );
    assertEquals(fired, left);
  }));

Deno.test("time is monotonic, and what timers go by", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const start = loop.time();
    const handle = loop.callLater(10, () => {});
    assertEquals(handle.when, start + 10);
    await sleep(10);
    assertEquals(loop.time(), start + 10);
  }));

Deno.test("callbacks run in no task, with a copy of the context where they were registered", async () => {
  const user = new ContextVar("user", { default: "nobody" });
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
