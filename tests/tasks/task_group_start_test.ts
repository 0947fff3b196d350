import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  moveOnAfter,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

for (const eager of [false, true]) {
  const how = eager ? "an eager child" : "a child";

  Deno.test(`start gives what ${how} says when it is ready, and the child goes on`, async () => {
    const order: string[] = [];
    await taskGroup(async (group) => {
      const port = await group.start(async (started) => {
        if (!eager) await sleep(0);
        started(8080);
        order.push("ready");
        await sleep(0);
        await sleep(0);
        order.push("served");
      }, { eager });
      assertEquals(port, 8080);
      order.push("started");
    });
    assertEquals(order, ["ready", "started", "served"]);
  });

  Deno.test(`start throws the error of ${how} that fails before it is ready, and the group lives`, async () => {
    const value = await taskGroup(async (group) => {
      await assertRejects(
        () =>
          group.start(() => {
            throw new Error("no port");
          }, { eager }),
        Error,
        "no port",
      );
      return await group.createTask(() => "alive");
    });
    assertEquals(value, "alive");
  });

  Deno.test(`start throws when ${how} ends without being ready`, async () => {
    await taskGroup(async (group) => {
      await assertRejects(
        () => group.start(() => {}, { eager, name: "quiet" }),
        Error,
        "quiet",
      );
    });
  });

  Deno.test(`${how} that fails after it was ready fails the group`, async () => {
    const { errors } = await assertRejects(() =>
      taskGroup(async (group) => {
        await group.start(async (started) => {
          started(1);
          if (!eager) await sleep(0);
          throw new Error("later");
        }, { eager });
        await sleep(60_000);
      }), AggregateError);
    assertEquals(errors.map((error) => error.message), ["later"]);
  });
}

Deno.test("a child that calls started twice gets an error", async () => {
  const { errors } = await assertRejects(() =>
    taskGroup(async (group) => {
      assertEquals(
        await group.start((started) => {
          started(1);
          started(2);
        }),
        1,
      );
      await sleep(60_000);
    }), AggregateError);
  assertEquals(errors.length, 1);
});

Deno.test("start throws the cancel of a child that is cancelled before it is ready", async () => {
  await taskGroup(async (group) => {
    await assertRejects(
      () =>
        group.start(async () => {
          currentTask()!.cancel("alone");
          await sleep(0);
        }),
      CancelledError,
      "alone",
    );
  });
});

Deno.test("cancelling the task that starts cancels the child, and rejects when that has ended", async () => {
  let cleaned = false;
  const task = createTask(() =>
    taskGroup(async (group) => {
      await group.start(async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(0);
          cleaned = true;
        }
      });
    })
  );
  await turns();
  task.cancel("outside");
  await assertRejects(async () => await task, CancelledError, "outside");
  assert(cleaned);
});

Deno.test("a timeout around start ends the child, and the group goes on", async () => {
  const value = await taskGroup(async (group) => {
    let ended = false;
    const port = await moveOnAfter(
      1,
      () => group.start(() => sleep(60_000).finally(() => ended = true)),
    );
    assertEquals([port, ended], [undefined, true]);
    return "alive";
  });
  assertEquals(value, "alive");
});

Deno.test("an error of the clean-up of a child that was given up is thrown by start, and the group goes on", async () => {
  const value = await taskGroup(async (group) => {
    const sibling = group.createTask(() => sleep(2, { result: "sibling" }));
    await assertRejects(
      () =>
        moveOnAfter(1, () =>
          group.start(async () => {
            await sleep(60_000).catch(() => {
              throw new RangeError("while cleaning up");
            });
          })),
      RangeError,
      "while cleaning up",
    );
    return await sibling;
  });
  assertEquals(value, "sibling");
});

Deno.test("an error of the clean-up does not hide the cancel of the task that starts", async () => {
  const seen: unknown[] = [];
  const task = createTask(() =>
    taskGroup(async (group) => {
      await group.start(() =>
        sleep(60_000).catch(() => {
          throw new RangeError("while cleaning up");
        })
      ).catch((error) => seen.push(error.name));
      await sleep(0);
      seen.push("not reached");
    })
  );
  await turns();
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, ["RangeError"]);
});

Deno.test("a child that is ready in the turn of the cancel: the value is delivered, the child goes on", async () => {
  const seen: unknown[] = [];
  const go = new Future<void>();
  const task = createTask(() =>
    taskGroup(async (group) => {
      seen.push(
        await group.start(async (started) => {
          await go;
          started("ready");
          task.cancel("outside");
          await sleep(60_000).finally(() => seen.push("child ended"));
        }),
      );
      await sleep(0);
      seen.push("not reached");
    })
  );
  await turns();
  go.setResult();
  await assertRejects(async () => await task, CancelledError, "outside");
  assertEquals(seen, ["ready", "child ended"]);
});

Deno.test("a child that gets ready while it is being given up is ended all the same", async () => {
  let ended = false;
  let shout!: () => void;
  const value = await taskGroup(async (group) => {
    const starter = createTask(() =>
      group.start(async (started) => {
        shout = () => started(1);
        await sleep(60_000).finally(() => ended = true);
      })
    );
    await turns();
    starter.cancel();
    shout();
    await assertRejects(async () => await starter, CancelledError);
    return ended;
  });
  assertEquals(value, true);
});

Deno.test("with a cancel undelivered, start starts nothing", async () => {
  let ran = false;
  await taskGroup(async (group) => {
    const task = createTask(async () => {
      currentTask()!.cancel();
      await group.start(() => void (ran = true), { eager: true });
    });
    await assertRejects(async () => await task, CancelledError);
  });
  assertEquals(ran, false);
});

Deno.test("group.cancel ends a start that is under way", async () => {
  const value = await taskGroup(async (group) => {
    group.createTask(async () => {
      await sleep(0);
      group.cancel();
    });
    await group.start(() => sleep(60_000));
    return "not reached";
  });
  assertEquals(value, undefined);
});

Deno.test("a child to be started counts against the limit", async () => {
  const order: string[] = [];
  await taskGroup(async (group) => {
    group.createTask(async () => {
      await sleep(0);
      order.push("first");
    });
    await group.start((started) => {
      order.push("second");
      started(undefined);
    });
  }, { limit: 1 });
  assertEquals(order, ["first", "second"]);
});

Deno.test("a floating start whose group is cancelled is no unhandled rejection", async () => {
  await taskGroup(async (group) => {
    group.start(() => sleep(60_000));
    await sleep(0);
    group.cancel();
  });
  await turns();
});

Deno.test("an eager child that cancels the task that starts it ends with that task", () =>
  virtually(async () => {
    const parent = createTask(() =>
      taskGroup(async (group) => {
        await group.start(() => {
          parent.cancel("enough");
          return sleep(1e6);
        }, { eager: true });
      })
    );
    await assertRejects(async () => await parent, CancelledError, "enough");
    assertEquals(now(), 0);
  }));

Deno.test("a child that fails in the turn in which its start is cancelled loses no error", async () => {
  for (let microtasks = 0; microtasks < 12; microtasks++) {
    const failing = new Future<void>();
    const starting = createTask(() =>
      taskGroup((group) => group.start(async () => await failing))
    );
    await turns(2);
    failing.setException(new RangeError("boom"));
    for (let i = 0; i < microtasks; i++) await Promise.resolve();
    starting.cancel();
    const error = await starting.then(() => {}, (error) => error);
    assertStringIncludes(`${error}`, "boom", `after ${microtasks} microtasks`);
  }
});

Deno.test("an eager child that fails at once and cancels the task that starts it loses no error", async () => {
  const starting = createTask(() =>
    taskGroup(async (group) => {
      await group.start(() => {
        starting.cancel();
        throw new RangeError("boom");
      }, { eager: true });
    })
  );
  const error = await assertRejects(async () => await starting, AggregateError);
  assertStringIncludes(error.message, "boom");
});
