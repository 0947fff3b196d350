import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  CancelledError,
  ContextVar,
  createEagerTaskFactory,
  createTask,
  currentTask,
  getRunningLoop,
  InvalidStateError,
  run,
  Runner,
  sleep,
  type Task,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { turns } from "../_helpers/turns.ts";

Deno.test("the runs of a runner share one loop and its context variables", async () => {
  await using runner = new Runner();
  const user = new ContextVar("user", { default: "guest" });
  await runner.run(() => {
    assertStrictEquals(getRunningLoop(), runner.loop);
    user.set("ada");
  });
  assertEquals(
    await runner.run(() => [getRunningLoop() === runner.loop, user.get()]),
    [true, "ada"],
  );
  assertEquals(user.get(), "guest");
});

Deno.test("a runner's context starts as a copy of its maker's", async () => {
  const user = new ContextVar<string>("user");
  await run(async () => {
    user.set("ada");
    await using runner = new Runner();
    user.set("grace");
    assertEquals(await runner.run(() => user.get()), "ada");
  });
});

Deno.test("what a run leaves running goes on with the next one, and ends with close", async () => {
  const runner = new Runner();
  let task!: Task<void>;
  let cleaned = false;
  await runner.run(() => {
    task = createTask(() =>
      sleep(60_000).finally(() => sleep(0)).finally(() => cleaned = true)
    );
  });
  assertEquals(task.done, false);
  await runner.run(() => sleep(0));
  assertEquals(task.done, false);
  await runner.close();
  assertEquals([task.cancelled, cleaned], [true, true]);
});

Deno.test("a runner goes on after a run that failed or was cancelled", async () => {
  await using runner = new Runner();
  await assertRejects(
    () => runner.run(() => Promise.reject(new Error("boom"))),
    Error,
    "boom",
  );
  await assertRejects(
    () => runner.run(() => currentTask()!.cancel()),
    CancelledError,
  );
  assertEquals(await runner.run(() => "fine"), "fine");
});

Deno.test("a runner runs one at a time, and not when it is closed", async () => {
  const runner = new Runner();
  const running = runner.run(() => sleep(0));
  await assertRejects(() => runner.run(() => {}), InvalidStateError, "running");
  await assertRejects(() => runner.close(), InvalidStateError, "running");
  await running;
  await runner.close();
  await assertRejects(() => runner.run(() => {}), InvalidStateError, "closed");
  await runner.close(); // harmless
});

Deno.test("closing a runner that never ran is harmless", async () => {
  await new Runner().close();
});

Deno.test("closing twice at the same time waits for the same end", async () => {
  const runner = new Runner();
  let cleaned = false;
  await runner.run(() => {
    createTask(
      () => sleep(60_000).finally(() => turns()).finally(() => cleaned = true),
      { eager: true },
    );
  });
  runner.close();
  await runner.close();
  assert(cleaned);
});

Deno.test("a runner takes a clock", async () => {
  await using runner = new Runner({ clock: new VirtualClock({ start: 1000 }) });
  await runner.run(() => sleep(86_400_000));
  assertEquals(runner.loop.time(), 86_401_000);
});

Deno.test("a runner's signal cancels the run that is under way", async () => {
  const controller = new AbortController();
  await using runner = new Runner({ signal: controller.signal });
  assertEquals(await runner.run(() => 1), 1);
  const running = runner.run(() => sleep(60_000));
  await turns();
  controller.abort("enough");
  assertEquals(await running.catch((it) => it), "enough");
  assertEquals(await runner.run(() => 1).catch((it) => it), "enough");
});

Deno.test("a runner inside a task: a cancel goes to its main", async () => {
  let ended = "";
  const task = createTask(async () => {
    await using runner = new Runner();
    await runner.run(() =>
      sleep(60_000).catch((error) => {
        ended = error.message;
        throw error;
      })
    );
  });
  await turns();
  task.cancel("outside");
  await assertRejects(async () => await task, CancelledError, "outside");
  assertEquals(ended, "outside");
});

Deno.test("a bad main is a TypeError, and the runner can be used on", async () => {
  await using runner = new Runner();
  await assertRejects(
    () => runner.run(Promise.resolve() as never),
    TypeError,
    "run(() => f(x))",
  );
  assertEquals(await runner.run(() => 1), 1);
});

Deno.test("a runner prints its state", async () => {
  const runner = new Runner({ debug: false });
  assert(
    Deno.inspect(runner).startsWith(
      'Runner { state: "idle", loop: EventLoop {',
    ),
    Deno.inspect(runner),
  );
  await runner.close();
  assert(Deno.inspect(runner).startsWith('Runner { state: "closed"'));
});

Deno.test("an eager main that aborts the signal of its own run is cancelled", async () => {
  const controller = new AbortController();
  await using runner = new Runner({ signal: controller.signal });
  await runner.run(() =>
    getRunningLoop().setTaskFactory(createEagerTaskFactory())
  );
  const running = runner.run(() => {
    controller.abort(new RangeError("enough"));
    return sleep(60_000);
  });
  await assertRejects(() => running, RangeError, "enough");
});

Deno.test("a run whose main task cannot be made listens to no signal any more", async () => {
  await using runner = new Runner();
  await runner.run(() =>
    getRunningLoop().setTaskFactory(() => {
      throw new RangeError("no task");
    })
  );
  // The sanitizers would find the listeners.
  await assertRejects(() => runner.run(() => {}), RangeError, "no task");
});

Deno.test("an eager main that ends at once leaves the runner ready for the next run", async () => {
  await using runner = new Runner();
  await runner.run(() =>
    getRunningLoop().setTaskFactory(createEagerTaskFactory())
  );
  assertEquals(await runner.run(() => 1), 1);
  assertEquals(await runner.run(() => 2), 2);
});
