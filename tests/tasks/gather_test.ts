import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  allTasks,
  CancelledError,
  createTask,
  currentTask,
  Future,
  gather,
  isFuture,
  sleep,
  type Task,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("gather gives the results in the order given, whatever they are", () =>
  virtually(async () => {
    const future = new Future<string>();
    future.setResult("future");
    const results = await gather([
      () => sleep(20, { result: "slow" }),
      () => sleep(10, { result: "fast" }),
      () => "at once",
      Promise.resolve("promise"),
      createTask(() => "task"),
      future,
      foreignThenable(),
    ]);
    assertEquals(results, [
      "slow",
      "fast",
      "at once",
      "promise",
      "task",
      "future",
      "thenable",
    ]);
  }));

/** A thenable of another library. */
function foreignThenable(): PromiseLike<string> {
  return { then: (...args) => Promise.resolve("thenable").then(...args) };
}

Deno.test("gather is a future, and works without being awaited", async () => {
  const gathered = gather([() => 1, () => sleep(0, { result: 2 })]);
  assert(isFuture(gathered));
  assertEquals(gathered.done, false);
  while (!gathered.done) await turns(1);
  assertEquals(gathered.result(), [1, 2]);
});

Deno.test("gather of nothing is done at once", () => {
  assertEquals(gather([]).result(), []);
  assertEquals(gather([], { returnExceptions: true }).result(), []);
  assertEquals(gather(new Set<Promise<number>>()).result(), []);
});

Deno.test("gather of what is done is done at once", () => {
  const eager = createTask(() => 1, { eager: true });
  assertEquals(gather([eager, eager]).result(), [1, 1]);
});

Deno.test("gather takes any iterable", async () => {
  function* work() {
    yield () => 1;
    yield () => 2;
  }
  assertEquals(await gather(work()), [1, 2]);
});

Deno.test("the same future or promise twice is one; a function is run once for each place", async () => {
  let calls = 0;
  const call = () => ++calls;
  const task = createTask(() => sleep(0, { result: "task" }));
  const promise = Promise.resolve("promise");
  assertEquals(
    await gather([call, task, promise, call, task, promise]),
    [1, "task", "promise", 2, "task", "promise"],
  );
});

Deno.test("on the first error gather rejects, and the others run on", () =>
  virtually(async () => {
    const slow = createTask(() => sleep(20, { result: "slow" }));
    const gathered = gather([
      slow,
      async () => {
        await sleep(1);
        throw new Error("boom");
      },
    ]);
    await assertRejects(async () => await gathered, Error, "boom");
    assertEquals(slow.done, false);
    assertEquals(await slow, "slow");
  }));

Deno.test("later errors of a gather that has failed count as retrieved", async () => {
  const reports: unknown[] = [];
  await virtually(async () => {
    currentTask()!.loop.setExceptionHandler((_, report) =>
      reports.push(report)
    );
    const fail = (ms: number) => async () => {
      await sleep(ms);
      throw new Error(`${ms}`);
    };
    await assertRejects(
      async () => await gather([fail(1), fail(2)]),
      Error,
      "1",
    );
    await sleep(10);
  });
  assertEquals(reports, []);
});

Deno.test("undefined is an error like any other for gather", async () => {
  const fail = () => Promise.reject(undefined);
  let caught = false;
  await gather([() => 1, fail]).catch(() => caught = true);
  assert(caught);
  assertEquals(await gather([fail], { returnExceptions: true }), [{
    status: "rejected",
    reason: undefined,
  }]);
});

Deno.test("with returnExceptions errors and cancels are results", async () => {
  const error = new Error("boom");
  const cancelled = createTask(() => sleep(60_000));
  const future = new Future<void>();
  cancelled.cancel("task");
  future.cancel("future");
  const results = await gather([
    () => 1,
    () => Promise.reject(error),
    cancelled,
    future,
  ], { returnExceptions: true });
  assertEquals(results[0], { status: "fulfilled", value: 1 });
  assertEquals(results[1], { status: "rejected", reason: error });
  for (const [i, message] of [[2, "task"], [3, "future"]] as const) {
    const { reason } = results[i] as PromiseRejectedResult;
    assert(reason instanceof CancelledError);
    assertEquals(reason.message, message);
  }
});

Deno.test("a child that is cancelled counts as an error, and the gather as not cancelled", async () => {
  const child = createTask(() => sleep(60_000));
  const other = createTask(() => sleep(0, { result: "runs on" }));
  const gathered = gather([child, other]);
  await turns(1);
  child.cancel("alone");
  const error = await assertRejects(
    async () => await gathered,
    CancelledError,
    "alone",
  );
  assertEquals(gathered.cancelled, false);
  assertStrictEquals(gathered.exception(), error);
  assertEquals(await other, "runs on");
});

for (const returnExceptions of [false, true]) {
  const options = (returnExceptions ? { returnExceptions } : undefined) as {
    returnExceptions: true;
  };
  const how = returnExceptions ? "a gather with returnExceptions" : "a gather";

  Deno.test(`cancelling ${how} cancels all, and it ends when they have`, () =>
    virtually(async () => {
      const ended: number[] = [];
      const children = [1, 5].map((ms) =>
        createTask(async () => {
          try {
            await sleep(60_000);
          } finally {
            await sleep(ms);
            ended.push(ms);
          }
        })
      );
      const gathered = gather(children, options);
      await sleep(1);
      assertEquals(gathered.cancel("enough"), true);
      assertEquals(gathered.done, false);
      await assertRejects(async () => await gathered, CancelledError, "enough");
      assertEquals([gathered.cancelled, ended], [true, [1, 5]]);
      assertEquals(children.map((child) => child.cancelled), [true, true]);
      assertEquals(gathered.cancel(), false);
    }));

  Deno.test(`cancelling a task that awaits ${how} cancels all, and rejects when they have ended`, () =>
    virtually(async () => {
      let ended = 0;
      const child = async () => {
        await sleep(60_000).finally(() => sleep(5)).finally(() => ended++);
      };
      const task = createTask(async () =>
        await gather([child, child], options)
      );
      await sleep(1);
      task.cancel("outside");
      await assertRejects(async () => await task, CancelledError, "outside");
      assertEquals(ended, 2);
      assertEquals(allTasks().size, 1);
    }));
}

Deno.test("a cancelled gather whose child fails in its clean-up fails with that", () =>
  virtually(async () => {
    const gathered = gather([
      () =>
        sleep(60_000).finally(() => {
          throw new Error("clean-up");
        }),
      () => sleep(60_000),
    ]);
    await sleep(1);
    gathered.cancel();
    await assertRejects(async () => await gathered, Error, "clean-up");
  }));

Deno.test("a cancelled gather whose children all get through is cancelled all the same", () =>
  virtually(async () => {
    const gathered = gather([() => sleep(60_000).catch(() => "through")]);
    await sleep(1);
    gathered.cancel();
    await assertRejects(async () => await gathered, CancelledError);
  }));

Deno.test("a gather of gathers hands the cancel down to the last one", () =>
  virtually(async () => {
    const leaves: Task<void>[] = [];
    const leaf = () => {
      const task = createTask(() => sleep(60_000));
      leaves.push(task);
      return task;
    };
    const task = createTask(async () => {
      await gather([
        gather([leaf(), leaf()]),
        createTask(async () => await gather([leaf(), gather([leaf()])])),
      ]);
    });
    await sleep(1);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    assertEquals(leaves.map((it) => it.cancelled), [true, true, true, true]);
  }));

Deno.test("gather of something that cannot be awaited is a TypeError, and starts nothing", async () => {
  const started: string[] = [];
  for (const bad of [1, null, undefined, {}, "f"]) {
    assertThrows(
      () => gather([() => started.push("started"), bad as never]),
      TypeError,
    );
  }
  for (
    const bad of [undefined, null, 1, Promise.resolve(), () => {}] as never[]
  ) {
    assertThrows(() => gather(bad), TypeError);
  }
  await turns(1);
  assertEquals(started, []);
});

Deno.test("a gather that was cancelled and is not awaited is no unhandled rejection", async () => {
  const gathered = gather([() => sleep(60_000)]);
  gathered.then(() => {});
  gathered.cancel();
  await turns();
  assertEquals(gathered.cancelled, true);
});
