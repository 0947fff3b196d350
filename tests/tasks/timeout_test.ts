import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  CancelledError,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  moveOnAfter,
  sleep,
  type Timeout,
  timeout,
  timeoutAt,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("a body that ends in time gives its value", () =>
  virtually(async () => {
    assertEquals(
      await timeout(10, () => sleep(9, { result: "in time" })),
      "in time",
    );
    assertEquals(await timeout(10, () => "at once"), "at once");
    assertEquals(
      await timeout(undefined, () => sleep(1e9, { result: "no limit" })),
      "no limit",
    );
    assertEquals(
      await timeout(Infinity, () => sleep(1e9, { result: "no limit" })),
      "no limit",
    );
    assertEquals(
      await moveOnAfter(10, () => sleep(9, { result: "in time" })),
      "in time",
    );
  }));

Deno.test("a body that fails in time throws its error", () =>
  virtually(async () => {
    const error = new Error("boom");
    const fail = () => {
      throw error;
    };
    assertStrictEquals(await assertRejects(() => timeout(10, fail)), error);
    assertStrictEquals(await assertRejects(() => moveOnAfter(10, fail)), error);
  }));

Deno.test("when the time is up, the body is cancelled and TimeoutError thrown, its cause the cancel", () =>
  virtually(async () => {
    const start = now();
    const seen: unknown[] = [];
    const error = await assertRejects(() =>
      timeout(10, async (scope) => {
        assertEquals([scope.when, scope.expired], [start + 10, false]);
        try {
          await sleep(60_000);
        } catch (error) {
          seen.push(error, scope.expired);
          throw error;
        }
      }), TimeoutError);
    assertEquals(now(), start + 10);
    assert(seen[0] instanceof CancelledError);
    assertEquals(seen[1], true);
    assertStrictEquals(error.cause, seen[0]);
    assertEquals(currentTask()!.cancelling, 0);
    await sleep(0);
  }));

Deno.test("moveOnAfter gives undefined when the time is up", () =>
  virtually(async () => {
    assertEquals(
      await moveOnAfter(10, () => sleep(60_000, { result: 1 })),
      undefined,
    );
    await sleep(0);
  }));

Deno.test("timeoutAt takes a time on the loop's clock", () =>
  virtually(async () => {
    const start = now();
    await assertRejects(
      () => timeoutAt(start + 10, () => sleep(60_000)),
      TimeoutError,
    );
    assertEquals(now(), start + 10);
    await assertRejects(
      () => timeoutAt(start, () => sleep(60_000)),
      TimeoutError,
    );
    assertEquals(await timeoutAt(undefined, () => sleep(5, { result: 1 })), 1);
    assertEquals(now(), start + 15);
  }));

Deno.test("with no time at all the first wait throws; a body without one gives its value", () =>
  virtually(async () => {
    for (const ms of [0, -1, -Infinity]) {
      const seen: string[] = [];
      await assertRejects(() =>
        timeout(ms, async () => {
          seen.push("runs");
          await sleep(0);
          seen.push("not reached");
        }), TimeoutError);
      assertEquals(seen, ["runs"]);
      assertEquals(await timeout(ms, () => "value"), "value");
    }
    await sleep(0);
  }));

Deno.test("a timeout takes as long as the body takes to clean up", () =>
  virtually(async () => {
    const start = now();
    await assertRejects(() =>
      timeout(10, async () => {
        try {
          await sleep(60_000);
        } finally {
          await sleep(500);
        }
      }), TimeoutError);
    assertEquals(now(), start + 510);
  }));

Deno.test("a body whose clean-up fails throws that error", () =>
  virtually(async () => {
    await assertRejects(
      () =>
        timeout(10, async () => {
          try {
            await sleep(60_000);
          } catch {
            throw new Error("clean-up");
          }
        }),
      Error,
      "clean-up",
    );
    await sleep(0);
  }));

Deno.test("a body that swallows the cancel gives its value, and expired tells", () =>
  virtually(async () => {
    let kept!: Timeout;
    const value = await timeout(10, async (scope) => {
      kept = scope;
      await sleep(60_000).catch(() => {});
      await sleep(5); // the cancel is delivered once
      return "all the same";
    });
    assertEquals([value, kept.expired], ["all the same", true]);
    assertEquals(
      await moveOnAfter(10, () => sleep(60_000).then(() => 1, () => 2)),
      2,
    );
    await sleep(0);
  }));

Deno.test("a wake-up that came before the time was up counts", () =>
  virtually(async () => {
    const future = new Future<string>();
    getRunningLoop().callLater(10, () => future.setResult("in time"));
    assertEquals(await timeout(10, async () => await future), "in time");
  }));

Deno.test("a timeout cancels only what was begun in its body", () =>
  virtually(async () => {
    const ends = await Promise.allSettled([
      sleep(20, { result: "before" }),
      timeout(10, () => sleep(60_000)),
      timeout(30, () => sleep(25, { result: "beside" })),
      sleep(20, { result: "after" }),
    ]);
    assertEquals(ends.map(({ status }) => status), [
      "fulfilled",
      "rejected",
      "fulfilled",
      "fulfilled",
    ]);
  }));

Deno.test("tasks created in the body are not cancelled with it", () =>
  virtually(async () => {
    const tasks: PromiseLike<string>[] = [];
    await moveOnAfter(10, async () => {
      tasks.push(createTask(() => sleep(50, { result: "on its own" })));
      await sleep(60_000);
    });
    assertEquals(await tasks[0], "on its own");
  }));

Deno.test("a task that is awaited in the body is cancelled with it", () =>
  virtually(async () => {
    const task = createTask(() => sleep(60_000));
    await assertRejects(
      () => timeout(10, async () => await task),
      TimeoutError,
    );
    assert(task.cancelled);
  }));

Deno.test("a floating wait of the body is no unhandled rejection when the time is up", async () => {
  await virtually(async () => {
    await moveOnAfter(10, async () => {
      sleep(1e6);
      timeout(1e6, () => sleep(1e6));
      moveOnAfter(1e6, () => sleep(1e6));
      await sleep(1e6);
    });
  });
  await turns();
});

Deno.test("timeouts work outside of any task", async () => {
  await assertRejects(() => timeout(1, () => sleep(60_000)), TimeoutError);
  assertEquals(await moveOnAfter(1, () => new Future()), undefined);
  await timeout(60_000, () => sleep(0));
});

Deno.test("a timeout prints its state", () =>
  virtually(() =>
    timeout(
      undefined,
      (scope) =>
        assertEquals(Deno.inspect(scope), "Timeout { expired: false }"),
    )
  ));
