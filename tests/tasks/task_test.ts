import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import {
  allTasks,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  InvalidStateError,
  run,
  sleep,
  Task,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

Deno.test("a task gives what its coroutine returns", async () => {
  assertEquals(await createTask(() => 1), 1);
  assertEquals(await createTask(async () => await sleep(0, { result: 2 })), 2);
  assertEquals(await createTask(() => createTask(() => 3)), 3);
  assertEquals(await createTask(() => Promise.resolve(4)), 4);
});

Deno.test("a task fails with what its coroutine throws, however it throws it", async () => {
  const error = new Error("boom");
  const coroutines = [
    () => {
      throw error;
    },
    () => Promise.reject(error),
    async () => {
      await sleep(0);
      throw error;
    },
  ];
  for (const coroutine of coroutines) {
    const task = createTask(coroutine);
    assertStrictEquals(await assertRejects(async () => await task), error);
    assertStrictEquals(task.exception(), error);
    assertEquals(task.cancelled, false);
  }
});

Deno.test("a task starts after the caller's synchronous code, in order of creation", async () => {
  const order: string[] = [];
  const tasks = ["a", "b", "c"].map((name) =>
    createTask(() => void order.push(name))
  );
  order.push("caller");
  await Promise.all(tasks);
  assertEquals(order, ["caller", "a", "b", "c"]);
});

Deno.test("thousands of tasks and callbacks start in order of creation, past any budget", async () => {
  const order: number[] = [];
  const loop = getRunningLoop();
  for (let i = 0; i < 4000; i++) {
    if (i % 3 === 0) loop.callSoon(() => void order.push(i));
    else createTask(() => void order.push(i));
  }
  await turns();
  assertEquals(order, Array.from({ length: 4000 }, (_, i) => i));
});

Deno.test("a task's wake-ups keep the order in which they happened, past any budget", async () => {
  const order: number[] = [];
  const futures = Array.from({ length: 4000 }, () => new Future<number>());
  const tasks = futures.map((future) =>
    createTask(async () => void order.push(await future))
  );
  await turns();
  futures.forEach((future, i) => future.setResult(i));
  await Promise.all(tasks);
  assertEquals(order, futures.map((_, i) => i));
});

Deno.test("tasks are named Task-N, with N rising, unless they are given a name", async () => {
  const [a, b, named] = [
    createTask(() => {}),
    createTask(() => {}),
    createTask(() => {}, { name: "worker" }),
  ];
  const number = (task: Task<void>) =>
    Number(task.name.match(/^Task-(\d+)$/)![1]);
  assertEquals(number(b), number(a) + 1);
  assertEquals(named.name, "worker");
  named.name = "renamed";
  assertEquals(named.name, "renamed");
  await Promise.all([a, b, named]);
});

Deno.test("currentTask is the task that runs, also after a foreign await", async () => {
  assertEquals(currentTask(), undefined);
  const seen: unknown[] = [];
  const task = createTask(async () => {
    seen.push(currentTask());
    await sleep(0);
    seen.push(currentTask());
    await new Promise((resolve) => setTimeout(resolve));
    seen.push(currentTask());
  });
  const other = createTask(() => seen.push(currentTask()));
  await Promise.all([task, other]);
  assertEquals(seen.length, 4);
  assertEquals(seen.filter((it) => it === task).length, 3);
  assertEquals(seen.filter((it) => it === other).length, 1);
  assertEquals(currentTask(), undefined);
});

Deno.test("allTasks are the unfinished ones of the current loop", async () => {
  await run(async () => {
    const task = createTask(() => sleep(0));
    assertEquals(allTasks(), new Set([currentTask()!, task]));
    await task;
    assertEquals(allTasks(), new Set([currentTask()!]));
  });
  const outside = createTask(() => sleep(0));
  assert(allTasks().has(outside));
  allTasks().clear(); // a copy
  assert(allTasks().has(outside));
  await outside;
  assertEquals(allTasks().has(outside), false);
});

Deno.test("a task knows its loop", async () => {
  await run(() => {
    assertStrictEquals(currentTask()!.loop, getRunningLoop());
    assertStrictEquals(createTask(() => {}).loop, getRunningLoop());
  });
  const task = createTask(() => {});
  assertStrictEquals(task.loop, getRunningLoop());
  await task;
});

Deno.test("loop.createTask makes a task on that loop", async () => {
  await run(async () => {
    const { loop } = currentTask()!;
    const inner = await run(() => loop.createTask(() => currentTask()!.loop));
    assertStrictEquals(inner, loop);
  });
});

Deno.test("a task without references runs to its end", async () => {
  let ended = false;
  createTask(async () => {
    await sleep(1);
    ended = true;
  });
  while (!ended) await turns(1);
});

Deno.test("setResult and setException of a task throw InvalidStateError", async () => {
  const task = createTask(() => sleep(0, { result: 1 }));
  assertThrows(() => task.setResult(2), InvalidStateError);
  assertThrows(() => task.setException(new Error()), InvalidStateError);
  assertEquals(await task, 1);
  assertThrows(() => task.setResult(2), InvalidStateError);
});

Deno.test("a task that awaits itself gets an error that says so", async () => {
  const task: Task<void> = createTask(async () => await task);
  await assertRejects(async () => await task, Error, "itself");
});

Deno.test("createTask of a promise is a TypeError that shows the fix", async () => {
  const before = allTasks().size;
  const promise = Promise.resolve(1);
  const bad: unknown[] = [
    promise,
    createTask(() => 1),
    1,
    null,
    undefined,
    {},
    "f",
  ];
  for (const value of bad) {
    assertThrows(
      () => createTask(value as never),
      TypeError,
      "createTask(() => f(x))",
    );
    assertThrows(
      () => getRunningLoop().createTask(value as never),
      TypeError,
      "createTask(() => f(x))",
    );
  }
  await turns(1);
  assertEquals(allTasks().size, before);
});

Deno.test("no task can start once its run has ended", async () => {
  let late!: () => unknown;
  await run(() => {
    const { loop } = currentTask()!;
    late = () => loop.createTask(() => {});
  });
  assertThrows(late, InvalidStateError, "ended");
});

Deno.test("a thenable settles its task once", async () => {
  // deno-lint-ignore no-explicit-any -- a thenable that does not keep to the rules
  const twice: any = {
    then(resolve: (value: number) => void, reject: (error: unknown) => void) {
      resolve(1);
      resolve(2);
      reject(new Error("too late"));
      throw new Error("too late as well");
    },
  };
  const task = createTask(() => twice);
  assertEquals(await task, 1);
  assertEquals(task.result(), 1);
});

Deno.test("a future with a then of its own settles its task once", async () => {
  const twice = new Future<number>();
  // deno-lint-ignore no-explicit-any -- a thenable that does not keep to the rules
  (twice as any).then = (resolve: (value: number) => void) => {
    resolve(1);
    resolve(2);
  };
  assertEquals(await createTask(() => twice), 1);
});

Deno.test("task.result() gives the value, and throws what it failed with", async () => {
  const good = createTask(() => 1);
  assertThrows(() => good.result(), InvalidStateError);
  await good;
  assertEquals(good.result(), 1);
  const bad = createTask(() => {
    throw new Error("boom");
  });
  await turns(1);
  assertThrows(() => bad.result(), Error, "boom");
});

Deno.test("a task made with new is a TypeError that shows the fix", () => {
  const error = assertThrows(
    () => Reflect.construct(Task, [() => {}]),
    TypeError,
  );
  assertStringIncludes(error.message, "createTask(() => f(x))");
});

Deno.test("a name is made a string, and is never taken for the number of a task", async () => {
  const task = createTask(() => {}, { name: 77 as never });
  assertEquals(task.name, "77");
  await task;
});

Deno.test("tasks print their name, their state and what they wait for", async () => {
  const task = createTask(() => sleep(60_000), { name: "sleeper" });
  await turns(1);
  const text = Deno.inspect(task);
  assert(text.startsWith("Task {"), text);
  for (const part of ['name: "sleeper"', 'state: "pending"', "sleep 60000"]) {
    assert(text.includes(part), text);
  }
  const waiter = createTask(async () => await task, { name: "waiter" });
  await turns(1);
  assert(Deno.inspect(waiter).includes("sleeper"), Deno.inspect(waiter));
  task.cancel();
  await turns();
  assert(Deno.inspect(task).includes('state: "cancelled"'), Deno.inspect(task));
  assertNotStrictEquals(task, waiter);
});

Deno.test("a task cannot be made with new", () => {
  assertThrows(() => Reflect.construct(Task, []), TypeError);
});

Deno.test("a task fails with an error whose name cannot be read", async () => {
  const error = Object.defineProperty(new Error("nameless"), "name", {
    get: () => {
      throw new Error("no name");
    },
  });
  const task = createTask(() => Promise.reject(error));
  assertStrictEquals(await task.catch((error) => error), error);
  const atOnce = createTask(() => {
    throw error;
  });
  assertStrictEquals(await atOnce.catch((error) => error), error);
});
