import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  getRunningLoop,
  run,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("run settles as its main task does", async () => {
  assertEquals(await run(() => 1), 1);
  assertEquals(await run(async () => await sleep(0, { result: 2 })), 2);
  const error = new Error("boom");
  const thrown = await assertRejects(() =>
    run(() => {
      throw error;
    })
  );
  assertStrictEquals(thrown, error);
});

Deno.test("run rejects with CancelledError when main ends cancelled by itself", async () => {
  await assertRejects(
    () => run(() => currentTask()!.cancel("myself")),
    CancelledError,
    "myself",
  );
});

Deno.test("each run has a loop of its own, and main is a task of it", async () => {
  const outside = getRunningLoop();
  const loops = await Promise.all([0, 1].map(() =>
    run(async () => {
      const task = currentTask()!;
      const loop = getRunningLoop();
      assertStrictEquals(task.loop, loop);
      assertEquals(allTasks(), new Set([task]));
      await sleep(1);
      assertStrictEquals(getRunningLoop(), loop);
      return [loop];
    })
  ));
  assertNotStrictEquals(loops[0]![0], loops[1]![0]);
  assertNotStrictEquals(loops[0]![0], outside);
  assertStrictEquals(getRunningLoop(), outside);
});

Deno.test("aborting the signal cancels main, and run rejects with the reason once it has cleaned up", async () => {
  const controller = new AbortController();
  let cleaned = false;
  const running = run(async () => {
    try {
      await sleep(60_000);
    } finally {
      await sleep(0);
      cleaned = true;
    }
  }, { signal: controller.signal });
  await turns();
  const reason = new Error("enough");
  controller.abort(reason);
  assertStrictEquals(await assertRejects(() => running), reason);
  assert(cleaned);
});

Deno.test("with a signal aborted already, main is not called", async () => {
  let called = false;
  const error = await run(() => void (called = true), {
    signal: AbortSignal.abort("enough"),
  }).catch((it) => it);
  assertEquals([error, called], ["enough", false]);
});

Deno.test("a main that catches the abort gives its value; one that fails in the clean-up its error", async () => {
  const controller = new AbortController();
  const options = { signal: controller.signal };
  const value = run(() => sleep(60_000).catch(() => "in spite"), options);
  const failing = run(() =>
    sleep(60_000).finally(() => {
      throw new Error("clean-up");
    }), options);
  await turns();
  controller.abort();
  assertEquals(await value, "in spite");
  await assertRejects(() => failing, Error, "clean-up");
});

Deno.test("an abort and a cancel from elsewhere: CancelledError", async () => {
  const controller = new AbortController();
  let main!: { cancel(message?: string): boolean };
  const running = run(() => {
    main = currentTask()!;
    return sleep(60_000);
  }, { signal: controller.signal });
  await turns();
  main.cancel("elsewhere");
  controller.abort("enough");
  await assertRejects(() => running, CancelledError);
});

Deno.test("an abort that comes when main has ended changes nothing", async () => {
  const controller = new AbortController();
  const value = await run(() => {
    createTask(async () => {
      await sleep(60_000).catch(() => {});
      controller.abort();
      await sleep(0);
    }, { eager: true });
    return "value";
  }, { signal: controller.signal });
  assertEquals(value, "value");
});

Deno.test("run leaves no listener on its signal", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: unknown[]) => {
    listeners++;
    return addEventListener.apply(signal, args as never);
  };
  signal.removeEventListener = (...args: unknown[]) => {
    listeners--;
    return removeEventListener.apply(signal, args as never);
  };
  await run(() => assertEquals(listeners, 1), { signal });
  await assertRejects(() => run(() => Promise.reject(new Error()), { signal }));
  assertEquals(listeners, 0);
});

Deno.test("a timeout around a run ends it", async () => {
  const loop = getRunningLoop();
  let cleaned = false;
  await assertRejects(() =>
    timeout(undefined, (scope) =>
      run(() => {
        scope.reschedule(loop.time() + 1); // not before it has started
        return sleep(60_000).finally(() => cleaned = true);
      })), TimeoutError);
  assert(cleaned);
});

Deno.test("a run inside a run with a virtual clock lets the outer time stand still", () =>
  virtually(async () => {
    const value = await timeout(
      1000,
      () => run(() => sleep(2, { result: "real" })),
    );
    assertEquals([value, getRunningLoop().time()], ["real", 0]);
  }));

Deno.test("with a cancel undelivered, a run inside a task does not start", async () => {
  let called = false;
  const task = createTask(() => {
    currentTask()!.cancel();
    return run(() => void (called = true));
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(called, false);
});

Deno.test("bad input to run rejects, and never throws", async () => {
  for (const main of [undefined, null, 1, {}, Promise.resolve(1)]) {
    await assertRejects(() => run(main as never), TypeError, "run(() => f(x))");
  }
  for (
    const options of [{ clock: 1 }, { clock: {} }, { signal: 1 }, {
      signal: {},
    }] as never[]
  ) {
    let called = false;
    let promise: Promise<unknown> | undefined;
    try {
      promise = run(() => void (called = true), options);
    } catch (error) {
      throw new Error("run threw instead of rejecting", { cause: error });
    }
    await assertRejects(() => promise!, TypeError);
    assertEquals(called, false);
  }
});

Deno.test("a group inside a run that is aborted cleans up its children", async () => {
  const controller = new AbortController();
  let cleaned = 0;
  const running = run(() =>
    taskGroup((group) => {
      for (let i = 0; i < 3; i++) {
        group.createTask(() =>
          sleep(60_000).finally(() => sleep(0)).finally(() => cleaned++)
        );
      }
    }), { signal: controller.signal });
  await turns();
  controller.abort("enough");
  assertEquals(await running.catch((it) => it), "enough");
  assertEquals(cleaned, 3);
});
