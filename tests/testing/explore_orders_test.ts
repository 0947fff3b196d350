import {
  assert,
  assertEquals,
  assertFalse,
  assertInstanceOf,
  assertRejects,
} from "@std/assert";
import { Lock } from "@asyncio/asyncio/sync";
import {
  CancelledError,
  createTask,
  gather,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { explore, ExploreError } from "@asyncio/asyncio/testing";

// --- The orders --------------------------------------------------------------

Deno.test("a scenario without choices is run once", async () => {
  assertEquals(await explore(() => sleep(1000)), { runs: 1, schedules: 1 });
});

Deno.test("it stops when all orders were seen, each of them once", async () => {
  const orders = new Set<string>();
  const found = await explore(async () => {
    let order = "";
    await gather(["a", "b", "c"].map((name) => async () => {
      await sleep(0);
      order += name;
    }));
    orders.add(order);
  });
  assertEquals(orders.size, 6);
  assertEquals(found.runs, found.schedules);
  assert(found.runs < 1000);
});

Deno.test("timers of one moment fire in either order if they were asked for at different moments", async () => {
  const orders = new Set<string>();
  await explore(async () => {
    let order = "";
    const after = (ms: number, name: string) => async () => {
      await sleep(10 - ms);
      await sleep(ms);
      order += name;
    };
    await gather([after(10, "a"), after(5, "b"), after(2, "c")]);
    orders.add(order);
  });
  assertEquals([...orders].sort(), ["abc", "acb", "bac", "bca", "cab", "cba"]);
});

Deno.test("timers of one moment that were asked for at the same moment keep their order", async () => {
  const orders = new Set<string>();
  await explore(async () => {
    let order = "";
    const loop = getRunningLoop();
    for (const name of ["a", "b", "c"]) loop.callLater(5, () => order += name);
    await sleep(6);
    orders.add(order);
  });
  assertEquals([...orders], ["abc"]);
});

Deno.test("it stops after the runs that it is given", async () => {
  const scenario = () =>
    gather(Array.from({ length: 8 }, () => () => sleep(0)));
  const found = await explore(async () => void await scenario(), { runs: 50 });
  assertEquals(found, { runs: 50, schedules: 50 });
});

Deno.test("the same seed gives the same runs, another one others", async () => {
  const record = async (seed: number) => {
    const orders: string[] = [];
    await explore(async () => {
      let order = "";
      await gather([..."abcdef"].map((name) => async () => {
        await sleep(0);
        order += name;
      }));
      orders.push(order);
    }, { runs: 20, seed });
    return orders;
  };
  assertEquals(await record(7), await record(7));
  assert((await record(7)).join() !== (await record(8)).join());
});

Deno.test("seed 0 is first come, first served", async () => {
  let order = "";
  await explore(async () => {
    await gather([..."abcdef"].map((name) => async () => {
      await sleep(0);
      order += name;
    }));
  }, { runs: 1 });
  assertEquals(order, "abcdef");
});

Deno.test("what the rules promise holds in every order", async () => {
  await explore(async () => {
    const order: string[] = [];
    const loop = getRunningLoop();
    loop.callSoon(() => order.push("first callback"));
    loop.callSoon(() => order.push("second callback"));
    await gather([
      async () => {
        order.push("first task");
        await sleep(20);
        order.push("20 ms");
      },
      async () => {
        order.push("second task");
        await sleep(10);
        order.push("10 ms");
      },
      () => sleep(0),
      () => sleep(0),
    ]);
    assertEquals(order, [
      "first callback",
      "second callback",
      "first task",
      "second task",
      "10 ms",
      "20 ms",
    ]);
  });
});

Deno.test("a lock keeps its promise in every order", async () => {
  await explore(async () => {
    const lock = new Lock();
    let value = 0;
    await gather(Array.from({ length: 3 }, () => async () => {
      using _ = await lock.acquire();
      const before = value;
      await sleep(0);
      value = before + 1;
    }));
    assertEquals(value, 3);
    assertFalse(lock.locked);
  });
});

Deno.test("a scenario that is not the same each time still ends", async () => {
  let runs = 0;
  const found = await explore(async () => {
    const tasks = 2 + runs++ % 3;
    await gather(Array.from({ length: tasks }, () => () => sleep(0)));
  }, { runs: 30 });
  assertEquals(found.runs, 30);
});

Deno.test("a failure that does not come again is reported as such", async () => {
  let failed = false;
  await assertRejects(
    () =>
      explore(async () => {
        await sleep(1);
        if (failed) return;
        failed = true;
        throw new Error("once");
      }),
    ExploreError,
    "did not fail again",
  );
});

// --- In the middle of other things -------------------------------------------

Deno.test("a cancel goes to the scenario", async () => {
  await run(async () => {
    let cancelled = false;
    const task = createTask(() =>
      explore(async () => {
        try {
          task.cancel();
          await sleep(1);
        } finally {
          cancelled = true;
        }
      })
    );
    await assertRejects(async () => await task, CancelledError);
    assert(cancelled);
  });
});

Deno.test("a scenario that is cancelled by itself fails", async () => {
  const error = await assertRejects(
    () => explore(() => Promise.reject(new CancelledError("by itself"))),
    ExploreError,
  );
  assertInstanceOf(error.cause, CancelledError);
});

Deno.test("what is no whole number is refused", async () => {
  const scenario = () => sleep(1);
  for (
    const options of [{ runs: 0 }, { runs: 1.5 }, { seed: -1 }, { seed: NaN }]
  ) {
    await assertRejects(() => explore(scenario, options), RangeError);
  }
  await assertRejects(
    () => explore(Promise.resolve() as never),
    TypeError,
    "explore(",
  );
});
