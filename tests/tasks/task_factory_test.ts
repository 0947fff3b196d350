import {
  assert,
  assertEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  asCompleted,
  createEagerTaskFactory,
  createTask,
  currentTask,
  ensureFuture,
  gather,
  getRunningLoop,
  Runner,
  sleep,
  type TaskFactory,
  taskGroup,
  TaskSet,
} from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";

/** A factory that notes the names of the tasks that it makes. */
function noting(names: string[]): TaskFactory {
  return (loop, coroutine, options) => {
    const task = loop.createTask(coroutine, options);
    names.push(task.name);
    return task;
  };
}

Deno.test("a task factory makes all tasks of its loop, from all callers", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const names: string[] = [];
    loop.setTaskFactory(noting(names));
    await createTask(() => {}, { name: "createTask" });
    await loop.createTask(() => {}, { name: "loop.createTask" });
    await taskGroup(async (group) => {
      group.createTask(() => {}, { name: "group.createTask" });
      await group.start((started: (value: number) => void) => started(1), {
        name: "group.start",
      });
    });
    const set = new TaskSet<void>();
    set.createTask(() => {}, { name: "TaskSet" });
    await set.join();
    assertEquals(names, [
      "createTask",
      "loop.createTask",
      "group.createTask",
      "group.start",
      "TaskSet",
    ]);
    const before = names.length;
    await gather([() => 1, () => 2, () => 3], { limit: 2 });
    for await (const future of asCompleted([() => 4])) await future;
    await ensureFuture(() => 5);
    assertEquals(names.length - before, 5);
  }));

Deno.test("a task factory is called with the loop, the coroutine and the options", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const coroutine = () => 1;
    const options = { name: "task" };
    const calls: unknown[][] = [];
    loop.setTaskFactory((...args) => {
      calls.push(args);
      return args[0].createTask(args[1], args[2]);
    });
    await createTask(coroutine, options);
    await createTask(coroutine);
    assertEquals(calls.length, 2);
    assertStrictEquals(calls[0]![0], loop);
    assertStrictEquals(calls[0]![1], coroutine);
    assertEquals(calls.map(([, , options]) => options), [options, {}]);
  }));

Deno.test("undefined sets the default again, and the factory can be asked for", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const names: string[] = [];
    const factory = noting(names);
    assertEquals(loop.getTaskFactory(), undefined);
    loop.setTaskFactory(factory);
    assertStrictEquals(loop.getTaskFactory(), factory);
    loop.setTaskFactory(undefined);
    assertEquals(loop.getTaskFactory(), undefined);
    await createTask(() => {});
    assertEquals(names, []);
  }));

Deno.test("the factory of a Runner's loop makes the main task, too", async () => {
  const names: string[] = [];
  await using runner = new Runner();
  runner.loop.setTaskFactory(noting(names));
  await runner.run(() => names.push(currentTask()!.name));
  assertEquals(names.length, 2);
  assertEquals(names[0], names[1]);
});

Deno.test("each loop has a factory of its own", async () => {
  const names: string[] = [];
  await virtually(async () => {
    getRunningLoop().setTaskFactory(noting(names));
    await virtually(() => createTask(() => {}, { name: "another loop's" }));
    await createTask(() => {}, { name: "this loop's" });
  });
  assertEquals(names, ["this loop's"]);
});

Deno.test("tasks of an eager task that a factory makes are made by the factory", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const names: string[] = [];
    loop.setTaskFactory((loop, coroutine, options) => {
      const eager = loop.createTask(coroutine, { ...options, eager: true });
      names.push(eager.name);
      return eager;
    });
    await createTask(async () => {
      await createTask(() => {}, { name: "inner" });
    }, { name: "outer" });
    assertEquals(names, ["inner", "outer"]);
  }));

Deno.test("an error of a factory is thrown, and a result that is no task is a TypeError; the next task starts", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    loop.setTaskFactory(() => {
      throw new RangeError("no tasks today");
    });
    assertThrows(() => createTask(() => {}), RangeError, "no tasks today");
    loop.setTaskFactory((() => sleep(0)) as never);
    assertThrows(() => createTask(() => {}), TypeError, "a task factory");
    loop.setTaskFactory(undefined);
    assertEquals(await createTask(() => 1), 1);
    assertThrows(() => loop.setTaskFactory("eager" as never), TypeError);
  }));

Deno.test("a factory that fails for a function of gather that begins later fails the gather", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    let made = 0;
    loop.setTaskFactory((loop, coroutine, options) => {
      if (++made > 2) throw new RangeError("enough");
      return loop.createTask(coroutine, options);
    });
    const works = [1, 2, 3, 4].map(() => () => sleep(1));
    const results = await gather(works, { limit: 2, returnExceptions: true });
    assertEquals(
      results.map(({ status }) => status),
      ["fulfilled", "fulfilled", "rejected", "rejected"],
    );
  }));

Deno.test("an eager factory runs tasks at once up to their first wait, unless told otherwise", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    loop.setTaskFactory(createEagerTaskFactory());
    const order: string[] = [];
    const task = createTask(async () => {
      order.push("begun");
      await sleep(0);
      order.push("over");
    });
    order.push("created");
    const late = createTask(() => order.push("late"), { eager: false });
    assert(!late.done);
    await gather([task, late]);
    assertEquals(order, ["begun", "created", "late", "over"]);
    assertEquals(createTask(() => 1).result(), 1);
  }));
