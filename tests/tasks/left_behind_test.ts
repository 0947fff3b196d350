// Code that outlives the task, or the timeout, that it was started in: a promise that was not awaited, a timer.
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  ContextVar,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { collectGarbage } from "../_helpers/garbage.ts";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

/** Goes on with `later` when the task in which it is called has ended. */
async function outlast<T>(later: () => PromiseLike<T> | T): Promise<T> {
  await new Promise((resolve) => setTimeout(resolve));
  return await later();
}

Deno.test("code that a task has left behind is in no task", async () => {
  let late!: Promise<unknown>;
  await createTask(() => {
    late = outlast(() => currentTask() === undefined);
  });
  assert(await late);
});

Deno.test("code that a task has left behind is on its loop, and keeps its context variables for itself", async () => {
  await run(async () => {
    const variable = new ContextVar<string>("variable");
    variable.set("main");
    let late!: Promise<unknown>;
    const task = createTask(() => {
      variable.set("task");
      late = outlast(() => {
        const before = variable.get();
        variable.set("late");
        return [before, variable.get(), getRunningLoop()];
      });
    });
    await task;
    assertEquals(await late, ["task", "late", getRunningLoop()]);
    assertEquals(variable.get(), "main");
  });
});

Deno.test("a cancel that came before the end of a task ends nothing that it has left behind", async () => {
  let late!: Promise<unknown>;
  const task = createTask(() => {
    late = outlast(() => sleep(0, { result: "fine" }));
    currentTask()!.cancel();
  });
  await turns();
  assertEquals([task.cancelled, await late], [true, "fine"]);
});

Deno.test("a wait that a task has left behind is still woken", async () => {
  let late!: Promise<unknown>;
  const task = createTask(() => {
    late = sleep(1, { result: "fine" });
  });
  await task;
  assertEquals(await late, "fine");
});

Deno.test("code that a timeout has left behind is cancelled with its task", async () => {
  let late!: Promise<string>;
  const task = createTask(async () => {
    await moveOnAfter(1000, () => {
      late = outlast(async () => {
        try {
          await sleep(60_000);
          return "slept";
        } catch {
          return currentTask()!.name;
        }
      });
    });
    await sleep(60_000);
  }, { name: "whose" });
  await turns();
  task.cancel();
  assertEquals(await late, "whose");
});

Deno.test("a timer that a task has left behind keeps nothing of the task", async () => {
  let timer!: ReturnType<typeof setInterval>;
  const result = await (async () => {
    const task = createTask(() => {
      timer = setInterval(() => {}, 60_000);
      return { large: new Uint8Array(1000) };
    });
    return new WeakRef(await task);
  })();
  await turns();
  collectGarbage();
  assertStrictEquals(result.deref(), undefined);
  clearInterval(timer);
});

Deno.test("a group that a timeout has left behind cancels nothing when it fails", async () => {
  await virtually(async () => {
    let late!: Promise<unknown>;
    await moveOnAfter(5, async () => {
      late = taskGroup(async (group) => {
        group.createTask(async () => {
          await sleep(1000).catch(() => {});
          await sleep(20);
          throw new Error("child");
        });
        await sleep(1000);
      }).catch((error) => error.errors.length);
      await sleep(1000);
    });
    await sleep(50);
    assertEquals(await sleep(5, { result: "fine" }), "fine");
    assertEquals(await late, 1);
  });
});

Deno.test("a timeout is delivered also in the moment in which a wait ends that another one has left behind", async () => {
  class Slow extends Future<void> {
    override cancel(): boolean {
      return true; // later
    }
    reallyCancel(): void {
      super.cancel();
    }
  }
  await virtually(async () => {
    const slow = new Slow();
    let late!: Promise<unknown>;
    const limited = timeout(1000, async (scope) => {
      await moveOnAfter(5, async () => {
        late = (async () => await slow)().catch(() => {});
        await sleep(100);
      });
      const wait = sleep(15);
      getRunningLoop().callAt(20, () => slow.reallyCancel());
      scope.reschedule(20);
      await wait;
      for (let hop = 0; hop < 12; hop++) await Promise.resolve();
      await sleep(500);
    });
    await assertRejects(() => limited, TimeoutError);
    assertEquals(now(), 20);
    await late;
  });
});
