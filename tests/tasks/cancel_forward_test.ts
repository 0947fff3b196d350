import {
  assert,
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  gather,
  getRunningLoop,
  sleep,
  type Task,
  taskGroup,
  timeout,
  TimeoutError,
  wait,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("a cancel goes through task, future, gather and timeout to what is waited for at last", () =>
  virtually(async () => {
    const last = new Future<void>();
    const links: Task<unknown>[] = [];
    const link = <T>(wait: () => PromiseLike<T>): Task<T> => {
      const task = createTask(async () => await wait());
      links.push(task);
      return task;
    };
    const first = link(() => last);
    const second = link(() => gather([first, () => sleep(60_000)]));
    const third = link(() => timeout(1e6, async () => await second));
    const fourth = link(() => third.then((value) => value));
    await sleep(1);
    fourth.cancel("the end");
    const error = await assertRejects(
      async () => await fourth,
      CancelledError,
      "the end",
    );
    assert(last.cancelled && links.every((it) => it.cancelled));
    assertEquals((error as Error).message, "the end");
  }));

Deno.test("the cancel comes back when the inner task has ended, not before", () =>
  virtually(async () => {
    const order: string[] = [];
    const inner = createTask(() =>
      sleep(60_000).finally(() => sleep(10)).finally(() => order.push("inner"))
    );
    const outer = createTask(async () => {
      try {
        await inner;
      } finally {
        order.push(`outer at ${getRunningLoop().time()}`);
      }
    });
    await sleep(5);
    outer.cancel();
    await assertRejects(async () => await outer, CancelledError);
    assertEquals(order, ["inner", "outer at 15"]);
  }));

Deno.test("an inner task that gets through in spite of the cancel delivers its value, and the cancel is delivered next", () =>
  virtually(async () => {
    const seen: unknown[] = [];
    const inner = createTask(() => sleep(60_000).catch(() => "in spite"));
    const outer = createTask(async () => {
      seen.push(await inner);
      await sleep(0);
      seen.push("not reached");
    });
    await sleep(1);
    outer.cancel("outer");
    await assertRejects(async () => await outer, CancelledError, "outer");
    assertEquals(seen, ["in spite"]);
  }));

Deno.test("an inner task whose clean-up fails throws that, and the cancel is delivered next", () =>
  virtually(async () => {
    const seen: string[] = [];
    const inner = createTask(() =>
      sleep(60_000).finally(() => {
        throw new Error("clean-up");
      })
    );
    const outer = createTask(async () => {
      await inner.catch((error) => seen.push(error.message));
      await sleep(0);
      seen.push("not reached");
    });
    await sleep(1);
    outer.cancel();
    await assertRejects(async () => await outer, CancelledError);
    assertEquals(seen, ["clean-up"]);
  }));

Deno.test("awaiting a task that was cancelled elsewhere throws, and does not cancel the awaiting task", () =>
  virtually(async () => {
    const inner = createTask(() => sleep(60_000));
    const outer = createTask(async () => {
      const error = await assertRejects(
        async () => await inner,
        CancelledError,
        "alone",
      );
      await sleep(0);
      return [currentTask()!.cancelling, error.message];
    });
    await sleep(1);
    inner.cancel("alone");
    assertEquals(await outer, [0, "alone"]);
  }));

Deno.test("one task that is awaited twice at once by the same task is cancelled once", () =>
  virtually(async () => {
    let cleaned = false;
    const inner = createTask(async () => {
      try {
        await sleep(60_000);
      } finally {
        await sleep(1);
        cleaned = true;
      }
    });
    const outer = createTask(() => Promise.all([inner, inner]));
    await sleep(1);
    outer.cancel();
    await assertRejects(async () => await outer, CancelledError);
    assert(cleaned);
  }));

Deno.test("one task that is awaited by two: a cancel of one cancels it for both", () =>
  virtually(async () => {
    const inner = createTask(() => sleep(60_000));
    const [a, b] = [
      createTask(async () => await inner),
      createTask(async () => await inner),
    ];
    await sleep(1);
    a.cancel();
    await assertRejects(async () => await b, CancelledError);
    assertEquals([a.cancelled, b.cancelled, b.cancelling], [true, true, 0]);
  }));

Deno.test("a future that is cancelled with a task is cancelled for callbacks too", async () => {
  const future = new Future<void>();
  const seen: boolean[] = [];
  future.addDoneCallback((it) => seen.push(it.cancelled));
  const task = createTask(async () => await future);
  await turns();
  task.cancel();
  await turns();
  assertEquals([task.cancelled, seen], [true, [true]]);
});

Deno.test("a task in a ring that also waits for another task waits until that has cleaned up", async () => {
  const seen: string[] = [];
  const other = createTask(async () => {
    try {
      await sleep(60_000);
    } finally {
      await sleep(0);
      seen.push("the other has cleaned up");
    }
  });
  const first: Task<unknown> = createTask(async () => {
    const waits = [second.then(() => {}), other.then(() => {})];
    await Promise.allSettled(waits);
    seen.push("the first goes on");
  });
  const second: Task<void> = createTask(async () => void await first);
  await sleep(0);
  first.cancel();
  await Promise.allSettled([first, second, other]);
  assertEquals(seen, ["the other has cleaned up", "the first goes on"]);
});

for (const length of [1, 2, 3, 10]) {
  Deno.test(`a ring of ${length} tasks that await each other is broken by a cancel, and all of it ends cancelled`, async () => {
    const ring: Task<void>[] = [];
    const go = new Future<void>();
    const through = length === 1
      ? (task: Task<void>) => gather([task])
      : (task: Task<void>) => task;
    for (let i = 0; i < length; i++) {
      ring.push(createTask(async () => {
        await go;
        await through(ring[(i + 1) % length]!);
      }));
    }
    await turns();
    go.setResult();
    await turns();
    ring[0]!.cancel();
    await turns();
    assertEquals(ring.map((task) => task.cancelled), ring.map(() => true));
  });
}

Deno.test("a ring through gather, then and timeout is broken too", async () => {
  const go = new Future<void>();
  const a: Task<unknown> = createTask(async () => {
    await go;
    await gather([b, new Future<void>()]);
  });
  const b: Task<unknown> = createTask(async () => {
    await go;
    await gather([c.then(() => {}), c]);
  });
  const c: Task<unknown> = createTask(async () => {
    await go;
    await timeout(60_000, async () => void await a);
  });
  await turns();
  go.setResult();
  await turns();
  a.cancel();
  await turns();
  assertEquals([a, b, c].map((task) => task.cancelled), [true, true, true]);
});

Deno.test("wait breaks the chain: what it waits for is left alone", async () => {
  const inner = createTask(() => sleep(60_000));
  const outer = createTask(() => wait([inner]));
  await turns();
  outer.cancel();
  await turns();
  assertEquals([outer.cancelled, inner.done, inner.cancelling], [
    true,
    false,
    0,
  ]);
  inner.cancel();
  await turns();
});

Deno.test("a timeout that expires in a forwarded wait throws when the inner task has ended", () =>
  virtually(async () => {
    const inner = createTask(() => sleep(60_000).finally(() => sleep(10)));
    await assertRejects(
      () => timeout(5, async () => await inner),
      TimeoutError,
    );
    assertEquals([getRunningLoop().time(), inner.cancelled], [15, true]);
    await sleep(0);
  }));

Deno.test("a cancel taken back in a forwarded wait still comes back from the inner task", () =>
  virtually(async () => {
    const inner = createTask(() => sleep(60_000));
    const outer = createTask(async () => {
      await inner.catch(() => {});
      await sleep(0);
      return currentTask()!.cancelling;
    });
    await sleep(1);
    outer.cancel();
    outer.uncancel();
    assertEquals([await outer, inner.cancelled], [0, true]);
  }));

Deno.test("a cancel that meets the end of the inner task in the same turn", () =>
  virtually(async () => {
    const gate = new Future<string>();
    const inner = createTask(async () => await gate);
    const outer = createTask(async () => await inner);
    await sleep(1);
    gate.setResult("value");
    outer.cancel("outer"); // the inner one has been woken, and is on its way
    await assertRejects(async () => await outer, CancelledError, "outer");
    assert(inner.cancelled);
    await assertRejects(async () => await inner, CancelledError);
  }));

Deno.test("a deep chain of tasks is cancelled without running out of stack", async () => {
  let task: Task<void> = createTask(() => sleep(60_000));
  for (let i = 0; i < 500; i++) {
    const inner: Task<void> = task;
    task = createTask(async () => await inner);
  }
  await turns();
  task.cancel("deep");
  const error = await assertRejects(
    async () => await task,
    CancelledError,
    "deep",
  );
  assertStrictEquals(error.name, "CancelledError");
});

Deno.test("however far a cancel is handed on, its errors are alike", async () => {
  const row = [createTask(() => sleep(60_000))];
  const errors: CancelledError[] = [];
  for (let i = 0; i < 50; i++) {
    const before = row.at(-1)!;
    row.push(createTask(async () => {
      try {
        await before;
      } catch (error) {
        errors.push(error as CancelledError);
        throw error;
      }
    }));
  }
  await sleep(0);
  row.at(-1)!.cancel("enough");
  await assertRejects(async () => await row.at(-1), CancelledError, "enough");
  assertEquals(errors.length, 50);
  for (const error of errors) {
    assertInstanceOf(error, CancelledError);
    assertEquals(error.name, "CancelledError");
    assertEquals(error.stack, "CancelledError: enough");
  }
});

/** A row of tasks, each of which waits for the one before. */
async function rowOf(length: number): Promise<Task<unknown>[]> {
  const row: Task<unknown>[] = [createTask(() => sleep(60_000))];
  let waiting = 0;
  for (let i = 0; i < length; i++) {
    const before = row.at(-1)!;
    row.push(createTask(async () => (waiting++, await before)));
  }
  while (waiting < length) await sleep(0);
  return row;
}

for (const end of ["last", "first"] as const) {
  Deno.test(`a row of 10 000 tasks that wait for each other is cancelled at its ${end}`, async () => {
    const row = await rowOf(10_000);
    row.at(end === "last" ? -1 : 0)!.cancel("enough");
    await assertRejects(
      async () => await row.at(-1),
      CancelledError,
      "enough",
    );
    assert(row.every((task) => task.cancelled));
  });
}

Deno.test("a ring of 3000 tasks that wait for each other is broken by a cancel", async () => {
  const ring: Task<unknown>[] = [];
  for (let i = 0; i < 3000; i++) {
    ring.push(createTask(async () => await ring[(i + 1) % 3000]));
  }
  await sleep(1);
  ring[1500]!.cancel();
  await wait(ring);
  assert(ring.every((task) => task.cancelled));
});

/** Layers of two tasks, each of which waits for both tasks of the layer below. */
async function layersOn(
  lowest: PromiseLike<unknown>,
): Promise<Task<unknown>[]> {
  let layer = [lowest];
  const tasks: Task<unknown>[] = [];
  for (let i = 0; i < 100; i++) {
    const below = layer;
    layer = [0, 1].map(() => createTask(async () => await gather(below)));
    tasks.push(...layer as Task<unknown>[]);
  }
  await sleep(1);
  return tasks;
}

Deno.test("a cancel reaches what it comes to on many ways once for each task that awaits it", () =>
  virtually(async () => {
    const lowest = createTask(() => sleep(60_000));
    const tasks = await layersOn(lowest); // 2 ** 100 ways
    tasks.at(-1)!.cancel("enough");
    assertEquals(lowest.cancelling, 2);
    await wait(tasks);
    assert(tasks.every((task) => task.cancelled));
  }));

Deno.test("a ring of tasks in layers that share their tasks is broken by a cancel", () =>
  virtually(async () => {
    const highest: Task<unknown>[] = [];
    const lowest = createTask(async () => (await sleep(2), await highest[0]));
    const tasks = await layersOn(lowest);
    highest.push(tasks.at(-1)!);
    await sleep(2);
    tasks[100]!.cancel();
    await wait([lowest, ...tasks]);
    assert(tasks.every((task) => task.cancelled));
  }));

Deno.test("a group that ends cancels a row of its tasks that wait for each other once each", () =>
  virtually(async () => {
    const row: Task<unknown>[] = [];
    await assertRejects(() =>
      taskGroup((group) => {
        row.push(group.createTask(() => sleep(60_000)));
        for (let i = 0; i < 100; i++) {
          const before = row.at(-1)!;
          row.push(group.createTask(async () => await before));
        }
        group.createTask(async () => {
          await sleep(1);
          throw new Error("enough");
        });
      }), AggregateError);
    for (const { cancelling } of row) assert(cancelling <= 2);
  }));
