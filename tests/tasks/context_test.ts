import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  CancelledError,
  Context,
  ContextVar,
  copyContext,
  createTask,
  currentTask,
  Future,
  gather,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  taskGroup,
  timeout,
  type Token,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

Deno.test("a variable has its value, else the fallback, else its default, else it throws", async () => {
  const bare = new ContextVar<string>("bare");
  const withDefault = new ContextVar<string | undefined>("with default", {
    default: undefined,
  });
  await run(() => {
    assertThrows(() => bare.get(), ReferenceError, "bare");
    assertEquals([bare.get("fallback"), bare.get(undefined)], [
      "fallback",
      undefined,
    ]);
    assertEquals([withDefault.get(), withDefault.get("fallback")], [
      undefined,
      "fallback",
    ]);
    bare.set("value");
    assertEquals([bare.get(), bare.get("fallback"), bare.name], [
      "value",
      "value",
      "bare",
    ]);
    withDefault.set(undefined);
    assertEquals(withDefault.get("fallback"), undefined);
  });
});

Deno.test("a token gives the value back that was before, also where there was none", async () => {
  const user = new ContextVar<string>("user");
  await run(() => {
    const first = user.set("ada");
    const second = user.set("grace");
    user.reset(second);
    assertEquals(user.get(), "ada");
    user.reset(first);
    assertThrows(() => user.get(), ReferenceError);
    assertStrictEquals(first.variable, user);
  });
});

Deno.test("a token is used once, and for its own variable", async () => {
  const [a, b] = [new ContextVar<string>("a"), new ContextVar<string>("b")];
  await run(() => {
    const token = a.set("value");
    b.set("other");
    assertThrows(() => b.reset(token), TypeError);
    assertEquals([a.get(), b.get()], ["value", "other"]);
    a.reset(token);
    assertThrows(() => a.reset(token), Error, "used");
    assertThrows(() => a.reset({} as Token<string>), TypeError);
  });
});

Deno.test("a token is good where it was made, also inside of timeouts and groups, and nowhere else", async () => {
  const a = new ContextVar("a", { default: "none" });
  await run(async () => {
    const token = a.set("value");
    const elsewhere = [
      () => createTask(() => a.reset(token)),
      () => copyContext().run(() => a.reset(token)),
      () =>
        new Promise<void>((resolve, reject) =>
          getRunningLoop().callSoon(() => {
            try {
              resolve(a.reset(token));
            } catch (error) {
              reject(error);
            }
          })
        ),
    ];
    for (const reset of elsewhere) {
      await assertRejects(async () => await reset(), Error, "another task");
      assertEquals(a.get(), "value");
    }
    await timeout(1000, () => taskGroup(() => a.reset(token)));
    assertEquals(a.get(), "none");
  });
});

Deno.test("a reset leaves other variables alone that were set in between", async () => {
  const [a, b] = [new ContextVar<string>("a"), new ContextVar<string>("b")];
  await run(() => {
    const token = a.set("value");
    b.set("other");
    a.reset(token);
    assertEquals([a.get("none"), b.get()], ["none", "other"]);
  });
});

Deno.test("a task starts with a copy of its creator's values, as they are when it is created", async () => {
  const user = new ContextVar("user", { default: "guest" });
  await run(async () => {
    user.set("ada");
    const child = createTask(async () => {
      const seen = [user.get()];
      user.set("child");
      await sleep(0);
      seen.push(user.get());
      return seen;
    });
    user.set("grace");
    assertEquals([await child, user.get()], [["ada", "child"], "grace"]);
    createTask(() => user.set("eager"), { eager: true });
    assertEquals(user.get(), "grace");
  });
});

Deno.test("children of groups and functions in gather have contexts of their own", async () => {
  const user = new ContextVar("user", { default: "guest" });
  await run(async () => {
    user.set("ada");
    const look = (name: string) => async () => {
      const before = user.get();
      user.set(name);
      await sleep(0);
      return [before, user.get()];
    };
    assertEquals(await gather([look("a"), look("b")]), [["ada", "a"], [
      "ada",
      "b",
    ]]);
    await taskGroup((group) => {
      user.set("body"); // the body is the task itself
      group.createTask(look("c"));
    });
    await moveOnAfter(1000, () => void user.set("timeout"));
    assertEquals(user.get(), "timeout");
  });
});

Deno.test("a context that is given to a task is shared, not copied", async () => {
  const user = new ContextVar("user", { default: "guest" });
  const context = new Context();
  await createTask(() => void user.set("ada"), { context });
  assertEquals(await createTask(() => user.get(), { context }), "ada");
  assertEquals([context.run(() => user.get()), user.get()], ["ada", "guest"]);
  const task = createTask(() => {}, { context });
  assertEquals(task.getContext().run(() => user.get()), "ada");
  await task;
});

Deno.test("getContext shows the values that a task runs with", async () => {
  const user = new ContextVar("user", { default: "guest" });
  const task = createTask(async () => {
    user.set("ada");
    await sleep(60_000);
  });
  await turns(1);
  assertEquals(task.getContext().run(() => user.get()), "ada");
  task.cancel();
  await turns();
});

Deno.test("getContext gives the very context that the task was given, and otherwise always the same", async () => {
  for (const context of [copyContext(), new Context()]) {
    const task = createTask(() => {}, { context });
    assertStrictEquals(task.getContext(), context);
    await task;
    assertStrictEquals(task.getContext(), context);
  }
  const task = createTask(() => {});
  assertStrictEquals(task.getContext(), task.getContext());
});

Deno.test("something that is no context is a TypeError, and nothing starts", async () => {
  let ran = false;
  for (const context of [1, {}, null, "c"] as never[]) {
    assertThrows(
      () => createTask(() => void (ran = true), { context }),
      TypeError,
    );
  }
  await turns(1);
  assertEquals(ran, false);
});

Deno.test("Context.run sees and keeps what is set inside, and the caller does not", async () => {
  const user = new ContextVar("user", { default: "guest" });
  await run(() => {
    user.set("ada");
    const context = copyContext();
    user.set("grace");
    assertEquals(context.run(() => user.get()), "ada");
    context.run(() => user.set("inside"));
    assertEquals([context.run(() => user.get()), user.get()], [
      "inside",
      "grace",
    ]);
    assertThrows(
      () =>
        context.run(() => {
          throw new Error("boom");
        }),
      Error,
      "boom",
    );
    assertEquals(user.get(), "grace");
  });
});

Deno.test("Context.run keeps its values across await", async () => {
  const user = new ContextVar("user", { default: "guest" });
  await run(async () => {
    const context = copyContext();
    const inside = await context.run(async () => {
      user.set("ada");
      await sleep(0);
      await new Promise((resolve) => setTimeout(resolve));
      return user.get();
    });
    assertEquals([inside, user.get()], ["ada", "guest"]);
  });
});

Deno.test("Context.run stays in the task", async () => {
  await createTask(async () => {
    const task = currentTask();
    await copyContext().run(async () => {
      assertStrictEquals(currentTask(), task);
      await sleep(0);
      assertStrictEquals(currentTask(), task);
    });
  });
});

Deno.test("a cancel reaches every wait begun inside Context.run", async () => {
  for (let waits = 0; waits < 4; waits++) {
    const task = createTask(() =>
      copyContext().run(async () => {
        for (let i = 0; i < waits; i++) await sleep(0);
        await sleep(60_000);
      })
    );
    await turns(waits + 2);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
  }
});

Deno.test("variables outside of tasks are the process's own", async () => {
  const user = new ContextVar("user", { default: "guest" });
  const token = user.set("top level");
  assertEquals(await run(() => user.get()), "top level");
  await run(() => void user.set("run"));
  assertEquals(user.get(), "top level");
  user.reset(token);
  assertEquals(user.get(), "guest");
});

Deno.test("done callbacks and tasks made in them see what was set where they were registered", async () => {
  const user = new ContextVar("user", { default: "guest" });
  const future = new Future<void>();
  const seen: string[] = [];
  await createTask(() => {
    user.set("ada");
    future.addDoneCallback(() => {
      createTask(() => void seen.push(user.get()));
    });
  });
  future.setResult();
  await turns();
  assertEquals(seen, ["ada"]);
  assert(copyContext() instanceof Context);
});
