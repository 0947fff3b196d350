import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  moveOnAfter,
  sleep,
  type TaskGroup,
  taskGroup,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { turns } from "./_turns.ts";

function fail(message: string): never {
  throw new Error(message);
}

Deno.test("group.cancel in the body ends body and children without an error", async () => {
  const seen: string[] = [];
  const value = await taskGroup(async (group) => {
    group.createTask(() => sleep(60_000).finally(() => seen.push("child")));
    await sleep(0);
    group.cancel();
    group.cancel(); // harmless
    await sleep(60_000).finally(() => seen.push("body"));
    return "not reached";
  });
  assertEquals([value, seen], [undefined, ["child", "body"]]);
});

Deno.test("group.cancel gives the body's value where the body had ended", async () => {
  const value = await taskGroup((group) => {
    group.createTask(() => sleep(60_000));
    group.createTask(async () => {
      await sleep(0);
      group.cancel();
    });
    return "ended";
  });
  assertEquals(value, "ended");
});

Deno.test("a body that returns right after group.cancel gives its value", async () => {
  const value = await taskGroup((group) => {
    group.createTask(() => sleep(60_000));
    group.cancel();
    return "value";
  });
  assertEquals(value, "value");
});

Deno.test("group.cancel from a child ends that child too", async () => {
  const seen: string[] = [];
  await taskGroup(async (group) => {
    group.createTask(async () => {
      await sleep(0);
      group.cancel();
      await sleep(60_000).finally(() => seen.push("child"));
    });
    await sleep(60_000).finally(() => seen.push("body"));
  });
  assertEquals(seen.sort(), ["body", "child"]);
});

Deno.test("group.cancel from an eager child in its first step ends that child too", async () => {
  const seen: string[] = [];
  await taskGroup(async (group) => {
    group.createTask(async () => {
      group.cancel();
      await sleep(60_000).finally(() => seen.push("child"));
    }, { eager: true });
    await sleep(60_000).finally(() => seen.push("body"));
  });
  assertEquals(seen.sort(), ["body", "child"]);
});

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

Deno.test("children that were not started yet when the group is cancelled never start", async () => {
  let ran = false;
  await taskGroup((group) => {
    group.createTask(() => void (ran = true));
    group.cancel();
  });
  assertEquals(ran, false);
});

Deno.test("errors of the clean-up after group.cancel are thrown", async () => {
  const { errors } = await assertRejects(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          fail("clean-up");
        }
      });
      await sleep(0);
      group.cancel();
    }), AggregateError);
  assertEquals(errors.map((error) => error.message), ["clean-up"]);
});

Deno.test("a cancel from outside goes to body and children, and comes out when all have ended", async () => {
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

Deno.test("a cancel from outside together with errors: the errors are thrown, the cancel strikes at the next wait", async () => {
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
  Deno.test(`group.cancel and a cancel from outside in the same turn, ${order}: the outer one comes out`, async () => {
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

Deno.test("a timeout around a group ends body and children", async () => {
  const seen: string[] = [];
  await assertRejects(() =>
    timeout(1, () =>
      taskGroup((group) => {
        group.createTask(() => sleep(60_000).finally(() => seen.push("child")));
      })), TimeoutError);
  assertEquals(seen, ["child"]);
});

Deno.test("a timeout around a group whose clean-up fails: the errors come out, and the timeout strikes nobody else", async () => {
  const task = createTask(async () => {
    const { errors } = await assertRejects(
      () =>
        timeout(1, () =>
          taskGroup((group) => {
            group.createTask(() =>
              sleep(60_000).finally(() => fail("clean-up"))
            );
          })),
      AggregateError,
    );
    await sleep(0);
    return errors[0].message;
  });
  assertEquals(await task, "clean-up");
});

Deno.test("a timeout inside the body ends only what is inside it", async () => {
  const value = await taskGroup(async (group) => {
    const child = group.createTask(() => sleep(5, { result: "child" }));
    const inner = await moveOnAfter(1, () => sleep(60_000));
    return [inner, await child];
  });
  assertEquals<unknown>(value, [undefined, "child"]);
});

Deno.test("two groups side by side in one task: the failure of one leaves the other alone", async () => {
  const ends = await createTask(() =>
    Promise.allSettled([
      taskGroup(async (group) => {
        group.createTask(() => fail("left"));
        await sleep(60_000);
      }),
      taskGroup(async (group) => {
        group.createTask(() => sleep(1));
        await sleep(2);
        return "right";
      }),
    ])
  );
  assertEquals(ends[0].status, "rejected");
  assertEquals(ends[1], { status: "fulfilled", value: "right" });
});

Deno.test("a cancel that comes when all has ended, in the same turn, strikes after the group", async () => {
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
