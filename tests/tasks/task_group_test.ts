import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  sleep,
  type TaskGroup,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { turns } from "./_turns.ts";

function fail(message: string): never {
  throw new Error(message);
}

/** The messages of the errors in the AggregateError that `group` throws. */
async function errorsOf(group: () => Promise<unknown>): Promise<string[]> {
  const { errors } = await assertRejects(group, AggregateError);
  return errors.map((error: Error) => error.message);
}

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

Deno.test("the first failure cancels the siblings and the body", async () => {
  const seen: string[] = [];
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        await sleep(60_000).finally(() => seen.push("sibling"));
      });
      group.createTask(async () => {
        await sleep(0);
        fail("boom");
      });
      await sleep(60_000).finally(() => seen.push("body"));
    })
  );
  assertEquals(errors, ["boom"]);
  assertEquals(seen.sort(), ["body", "sibling"]);
});

Deno.test("children that were not started yet when the group failed never start", async () => {
  let ran = false;
  const errors = await errorsOf(() =>
    taskGroup((group) => {
      group.createTask(() => fail("boom"));
      group.createTask(() => void (ran = true));
    })
  );
  assertEquals([errors, ran], [["boom"], false]);
});

Deno.test("all errors that are no cancel are thrown, in the order in which they came, the body's too", async () => {
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(0);
          fail("clean-up of a child");
        }
      });
      group.createTask(async () => {
        await sleep(0);
        fail("first");
      });
      try {
        await sleep(60_000);
      } finally {
        fail("clean-up of the body");
      }
    })
  );
  assertEquals(errors, [
    "first",
    "clean-up of the body",
    "clean-up of a child",
  ]);
});

Deno.test("a failing body cancels the children, which clean up before the group ends", async () => {
  let cleaned = false;
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(0);
          cleaned = true;
        }
      });
      await sleep(0);
      fail("body");
    })
  );
  assertEquals([errors, cleaned], [["body"], true]);
});

Deno.test("a body that throws synchronously fails its group", async () => {
  assertEquals(await errorsOf(() => taskGroup(() => fail("body"))), ["body"]);
});

Deno.test("undefined is an error like any other", async () => {
  const { errors } = await assertRejects(
    () =>
      taskGroup((group) =>
        void group.createTask(() => Promise.reject(undefined))
      ),
    AggregateError,
  );
  assertEquals(errors, [undefined]);
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

Deno.test("a body that swallows the group's cancel does not hide the error", async () => {
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(() => fail("boom"));
      await sleep(60_000).catch(() => {});
      return "swallowed";
    })
  );
  assertEquals(errors, ["boom"]);
});

Deno.test("the group's own cancel does not outlive it", async () => {
  const task = createTask(async () => {
    await errorsOf(() =>
      taskGroup(async (group) => {
        group.createTask(() => fail("boom"));
        await turns(); // a foreign wait: the cancel of the body is not delivered
      })
    );
    await sleep(0);
    return currentTask()!.cancelling;
  });
  assertEquals(await task, 0);
});

Deno.test("groups nest: the inner one's failure ends the outer one", async () => {
  const error = await assertRejects(() =>
    taskGroup((outer) => {
      outer.createTask(() => sleep(60_000));
      outer.createTask(() =>
        taskGroup((inner) => {
          inner.createTask(() => sleep(60_000));
          inner.createTask(() => fail("innermost"));
        })
      );
    }), AggregateError);
  assertEquals(error.errors[0].errors[0].message, "innermost");
  assertEquals([error.errors.length, error.errors[0].errors.length], [1, 1]);
});

Deno.test("inner and outer group failing in the same turn throw both errors", async () => {
  const error = await assertRejects(() =>
    taskGroup(async (outer) => {
      const go = new Future<void>();
      outer.createTask(async () => {
        await go;
        fail("outer");
      });
      createTask(async () => {
        await sleep(0);
        go.setResult();
      });
      await taskGroup((inner) => {
        inner.createTask(async () => {
          await go;
          fail("inner");
        });
      });
    }), AggregateError);
  assertEquals(error.errors.length, 2);
  assertEquals(error.errors[0].message, "outer");
  assertEquals(error.errors[1].errors[0].message, "inner");
});

Deno.test("a failed child's error counts as retrieved", async () => {
  let child: { exception(): unknown } | undefined;
  const error = await assertRejects(
    () =>
      taskGroup((group) => {
        child = group.createTask(() => fail("boom"));
      }),
    AggregateError,
    "boom",
  );
  assertStrictEquals(child!.exception(), error.errors[0]);
});

Deno.test("an eager child that fails at once lets the body make the next one", async () => {
  let ran = false;
  const errors = await errorsOf(() =>
    taskGroup(async (group) => {
      group.createTask(() => fail("eager"), { eager: true });
      group.createTask(() => void (ran = true), { eager: true });
      await sleep(60_000);
    })
  );
  assertEquals([errors, ran], [["eager"], true]);
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
