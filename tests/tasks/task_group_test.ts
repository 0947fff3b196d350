import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  createTask,
  sleep,
  type TaskGroup,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { errorsOf, fail } from "../_helpers/group_errors.ts";

Deno.test("a group waits for all its children, and gives what the body returns", async () => {
  const ended: number[] = [];
  const value = await taskGroup((group) => {
    for (const i of [3, 1, 2]) {
      group.createTask(async () => {
        for (let turn = 0; turn < i; turn++) await sleep(0);
        ended.push(i);
      });
    }
    return "body";
  });
  assertEquals([value, ended], ["body", [1, 2, 3]]);
});

Deno.test("a group without children ends with its body", async () => {
  assertEquals(await taskGroup(() => 1), 1);
  assertEquals(await taskGroup(async () => await sleep(0, { result: 2 })), 2);
});

Deno.test("children may start more children, also when the body has ended", async () => {
  const ended: string[] = [];
  await taskGroup((group) => {
    group.createTask(async () => {
      await sleep(0);
      group.createTask(async () => {
        await sleep(0);
        group.createTask(() => void ended.push("grandgrandchild"));
        ended.push("grandchild");
      });
      ended.push("child");
    });
  });
  assertEquals(ended, ["child", "grandchild", "grandgrandchild"]);
});

Deno.test("a child's done callback may start a child, though it was the last", async () => {
  let ran = false;
  await taskGroup((group) => {
    const child = group.createTask(() => sleep(0));
    group.createTask(async () => {
      await child;
      group.createTask(() => void (ran = true));
    });
  });
  assert(ran);
});

Deno.test("a child that is cancelled alone fails nothing", async () => {
  const value = await taskGroup(async (group) => {
    const child = group.createTask(() => sleep(60_000));
    const other = group.createTask(() => sleep(0, { result: "other" }));
    await sleep(0);
    child.cancel();
    return await other;
  });
  assertEquals(value, "other");
  await taskGroup((group) =>
    void group.createTask(() => sleep(60_000)).cancel()
  );
});

Deno.test("a child that throws CancelledError of its own fails nothing", async () => {
  const value = await taskGroup((group) => {
    group.createTask(() => {
      throw new CancelledError("mine");
    });
    return "fine";
  });
  assertEquals(value, "fine");
});

Deno.test("a body that awaits a cancelled child throws the cancel, and the other children end", async () => {
  let cleaned = false;
  await assertRejects(
    () =>
      taskGroup(async (group) => {
        group.createTask(() => sleep(60_000).finally(() => cleaned = true));
        const child = group.createTask(() => sleep(60_000));
        await sleep(0);
        child.cancel("alone");
        await child;
      }),
    CancelledError,
    "alone",
  );
  assert(cleaned);
});

Deno.test("a child that the body awaits when a sibling fails cleans up undisturbed", async () => {
  let cleaned = false;
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      const child = group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(0);
          cleaned = true;
        }
      });
      group.createTask(async () => {
        await sleep(0);
        fail("sibling");
      });
      await child;
    })
  );
  assertEquals([errors, cleaned], [["sibling"], true]);
});

Deno.test("an eager child that is done at once does not end the group early", async () => {
  const order: string[] = [];
  await taskGroup(async (group) => {
    group.createTask(() => order.push("eager"), { eager: true });
    await sleep(0);
    group.createTask(() => order.push("late"));
  });
  assertEquals(order, ["eager", "late"]);
});

Deno.test("a group that is ending or over takes no children", async () => {
  let kept!: TaskGroup;
  await taskGroup((group) => {
    kept = group;
  });
  assertThrows(() => kept.createTask(() => {}), Error, "over");
  await assertRejects(() => kept.start(() => {}), Error, "over");
  await taskGroup((group) => {
    group.cancel();
    assertThrows(() => group.createTask(() => {}), Error, "ending");
  });
  kept.cancel(); // harmless
});

Deno.test("a group outside of any task lives on the default loop", async () => {
  const value = await taskGroup(async (group) =>
    await group.createTask(() => sleep(0, { result: 1 }))
  );
  assertEquals(value, 1);
});

Deno.test("bad input to a group is refused before anything changes", async () => {
  let ran = false;
  const body = () => void (ran = true);
  for (const limit of [0, -1, 1.5, NaN, -Infinity]) {
    await assertRejects(() => taskGroup(body, { limit }), RangeError);
  }
  await assertRejects(() => taskGroup(body, { limit: "2" as never }), Error);
  for (const bad of [undefined, Promise.resolve(), {}] as never[]) {
    await assertRejects(() => taskGroup(bad), TypeError);
    await taskGroup((group) => {
      assertThrows(
        () => group.createTask(bad),
        TypeError,
        "createTask(() => f(x))",
      );
    });
    await taskGroup((group) =>
      assertRejects(() => group.start(bad), TypeError)
    );
  }
  assertEquals(ran, false);
});

Deno.test("a group prints its state", async () => {
  await taskGroup((group) => {
    group.createTask(() => sleep(0));
    assertEquals(
      Deno.inspect(group),
      'TaskGroup { state: "open", tasks: 1, errors: 0 }',
    );
  });
});

Deno.test("children of the body's first lines start in the order of creation, among all else", async () => {
  const seen: string[] = [];
  await taskGroup(async (group) => {
    group.createTask(() => void seen.push("first child"));
    createTask(() => void seen.push("task"));
    await taskGroup((inner) => {
      inner.createTask(() => void seen.push("inner child"));
      createTask(() => void seen.push("second task"));
    });
    group.createTask(() => void seen.push("last child"));
  });
  assertEquals(seen, [
    "first child",
    "task",
    "inner child",
    "second task",
    "last child",
  ]);
});
