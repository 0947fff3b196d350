import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  moveOnAfter,
  sleep,
  type TaskGroup,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";
import { fail } from "../_helpers/group_errors.ts";

Deno.test("group.cancel from outside ends the group, and does not touch the task", async () => {
  let group!: TaskGroup;
  const task = createTask(async () => {
    await taskGroup(async (it) => {
      group = it;
      it.createTask(() => sleep(60_000));
      await sleep(60_000);
    });
    await sleep(0);
    return currentTask()!.cancelling;
  });
  await turns();
  group.cancel();
  assertEquals(await task, 0);
});

Deno.test("a cancel from outside goes to body and children, and is thrown when all have ended", async () => {
  const seen: string[] = [];
  const task = createTask(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          for (let i = 0; i < 5; i++) await sleep(0);
          seen.push("child");
        }
      });
      await sleep(60_000).finally(() => seen.push("body"));
    })
  );
  await turns();
  task.cancel("outside");
  await assertRejects(async () => await task, CancelledError, "outside");
  assertEquals(seen, ["body", "child"]);
  assert(task.cancelled);
});

Deno.test("children are told the message of a cancel from outside, whether the body still runs or not", async () => {
  for (const body of [() => sleep(60_000), () => {}]) {
    const messages: string[] = [];
    const task = createTask(() =>
      taskGroup(async (group) => {
        group.createTask(() =>
          sleep(60_000).catch((error) => {
            messages.push(error.message);
            throw error;
          })
        );
        await body();
      })
    );
    await turns();
    task.cancel("outside");
    await assertRejects(async () => await task, CancelledError, "outside");
    assertEquals(messages, ["outside"]);
  }
});

Deno.test("a cancel from outside while the group waits for its children", async () => {
  let cleaned = false;
  const task = createTask(() =>
    taskGroup((group) => {
      group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(0);
          cleaned = true;
        }
      });
      return "body";
    })
  );
  await turns();
  task.cancel("outside");
  await assertRejects(async () => await task, CancelledError, "outside");
  assert(cleaned);
});

Deno.test("a group that is cancelled again and again still waits for its children", async () => {
  let ended = false;
  const gate = new Future<void>();
  const task = createTask(() =>
    taskGroup((group) => {
      group.createTask(async () => {
        await sleep(60_000).catch(() => {});
        await gate;
        ended = true;
      });
    })
  );
  for (let i = 0; i < 3; i++) {
    await turns();
    task.cancel(`cancel ${i}`);
  }
  await turns();
  assertEquals([task.done, ended], [false, false]);
  gate.setResult();
  await assertRejects(async () => await task, CancelledError);
  assert(ended);
});

Deno.test("a cancel from outside together with errors: the errors are thrown, the cancel is delivered at the next wait", async () => {
  const seen: string[] = [];
  const ways: ((group: TaskGroup) => Promise<void>)[] = [
    async (group) => { // a child's clean-up fails
      group.createTask(async () => {
        await sleep(60_000).finally(() => fail("clean-up"));
      });
      await sleep(60_000);
    },
    async () => { // the body's clean-up fails
      await sleep(60_000).finally(() => fail("clean-up"));
    },
    async (group) => { // while the group waits for its children
      group.createTask(async () => {
        await sleep(60_000).finally(() => fail("clean-up"));
      });
      await Promise.resolve();
    },
  ];
  for (const way of ways) {
    const task = createTask(async () => {
      try {
        await taskGroup(way);
      } catch (error) {
        seen.push((error as AggregateError).errors[0].message);
      }
      assertEquals(currentTask()!.cancelling, 1);
      await sleep(0);
      seen.push("not reached");
    });
    await turns();
    task.cancel("outside");
    await assertRejects(async () => await task, CancelledError, "outside");
  }
  assertEquals(seen, ["clean-up", "clean-up", "clean-up"]);
});

Deno.test("a child's failure, and a cancel from outside in the same turn: both are seen", async () => {
  const seen: string[] = [];
  const task = createTask(async () => {
    try {
      await taskGroup(async (group) => {
        const child = group.createTask(() => fail("child"));
        child.addDoneCallback(() => task.cancel("outside"));
        await sleep(60_000);
      });
    } catch (error) {
      seen.push((error as AggregateError).errors[0].message);
    }
    await sleep(0);
    seen.push("not reached");
  });
  await assertRejects(async () => await task, CancelledError, "outside");
  assertEquals(seen, ["child"]);
});

Deno.test("a cancel from outside, and a child's failure in the same turn: both are seen", async () => {
  const seen: string[] = [];
  const go = new Future<void>();
  const task = createTask(async () => {
    try {
      await taskGroup(async (group) => {
        group.createTask(async () => {
          await go;
          fail("child");
        });
        await sleep(60_000);
      });
    } catch (error) {
      seen.push((error as AggregateError).errors[0].message);
    }
    await sleep(0);
    seen.push("not reached");
  });
  await turns();
  task.cancel("outside");
  go.setResult();
  await assertRejects(async () => await task, CancelledError, "outside");
  assertEquals(seen, ["child"]);
});

for (const order of ["group first", "outside first"]) {
  Deno.test(`group.cancel and a cancel from outside in the same turn, ${order}: the outer one is thrown`, async () => {
    let group!: TaskGroup;
    const task = createTask(() =>
      taskGroup(async (it) => {
        group = it;
        it.createTask(() => sleep(60_000));
        await sleep(60_000);
      })
    );
    await turns();
    const steps = [() => group.cancel(), () => task.cancel("outside")];
    if (order === "outside first") steps.reverse();
    for (const step of steps) step();
    await assertRejects(async () => await task, CancelledError, "outside");
  });
}

Deno.test("group.cancel that the body swallows, and a cancel from outside in the same turn: the cancel is not lost", async () => {
  const seen: string[] = [];
  let group!: TaskGroup;
  const task = createTask(async () => {
    seen.push(
      await taskGroup(async (it) => {
        group = it;
        return await sleep(60_000).then(() => "slept", () => "swallowed");
      }),
    );
    await sleep(0);
    seen.push("not reached");
  });
  await turns();
  group.cancel();
  task.cancel("outside");
  await assertRejects(async () => await task, CancelledError, "outside");
  assertEquals(seen, ["swallowed"]);
});

Deno.test("a cancel that comes when all has ended, in the same turn, is delivered after the group", async () => {
  const last = new Future<void>();
  const seen: string[] = [];
  const task = createTask(async () => {
    seen.push(
      await taskGroup(async () => {
        await last;
        return "value";
      }),
    );
    await sleep(0);
    seen.push("not reached");
  });
  await turns();
  last.setResult();
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, ["value"]);
});

Deno.test("a cancel that comes with errors is not lost where a timeout around the group is delivered after it", () =>
  virtually(async () => {
    const task = createTask(() =>
      moveOnAfter(20, async () => {
        const group = taskGroup((group) => {
          group.createTask(() => sleep(5).then(() => fail("boom")));
          group.createTask(() => sleep(60_000).finally(() => sleep(30)));
        });
        await assertRejects(() => group, AggregateError);
        return "in spite of the cancel";
      })
    );
    getRunningLoop().callLater(10, () => task.cancel("outside"));
    await assertRejects(async () => await task, CancelledError, "outside");
  }));
