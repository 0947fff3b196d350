import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  CancelledError,
  captureCallGraph,
  createTask,
  currentTask,
  sleep,
  type Task,
  TaskSet,
} from "@asyncio/asyncio/tasks";
import { cancelEverywhere } from "@asyncio/asyncio/testing";
import { Attempt } from "../_helpers/attempt.ts";
import { now } from "../_helpers/now.ts";
import { reportsOf } from "../_helpers/reports.ts";
import { virtually } from "../_helpers/virtually.ts";

/** A set with a task of each of these durations, which it returns. */
function setOf(...durations: number[]): TaskSet<number> {
  const set = new TaskSet<number>();
  for (const ms of durations) set.createTask(() => sleep(ms, { result: ms }));
  return set;
}

async function take(set: TaskSet<number>): Promise<number | undefined> {
  const { value } = await set.next();
  return value === undefined ? undefined : await value;
}

Deno.test("a TaskSet gives its tasks in the order in which they end, and then is done", () =>
  virtually(async () => {
    const set = setOf(30, 10, 20);
    const order: unknown[] = [];
    for await (const task of set) order.push([await task, now()]);
    assertEquals(order, [[10, 10], [20, 20], [30, 30]]);
    assertEquals(await set.next(), { done: true, value: undefined });
  }));

Deno.test("next gives the very task that createTask has given, each once", () =>
  virtually(async () => {
    const set = new TaskSet<string>();
    const made = ["a", "b"].map((name) => set.createTask(() => name, { name }));
    const given: Task<string>[] = [];
    for (let it = await set.next(); !it.done; it = await set.next()) {
      given.push(it.value);
    }
    assert(given[0] === made[0] && given[1] === made[1]);
    assertEquals(given.map(({ name }) => name), ["a", "b"]);
  }));

Deno.test("more can be started while a TaskSet is looked through, and when it was done", () =>
  virtually(async () => {
    const set = setOf(1);
    const seen: number[] = [];
    for await (const task of set) {
      const ms = await task;
      seen.push(ms);
      if (ms < 4) set.createTask(() => sleep(1, { result: ms + 1 }));
    }
    assertEquals(seen, [1, 2, 3, 4]);
    set.createTask(() => 5);
    assertEquals(await take(set), 5);
  }));

Deno.test("a task that fails is given like any other, and ends none", () =>
  virtually(async () => {
    const set = setOf(20);
    set.createTask(() => Promise.reject(new Error("failed")));
    const { value } = await set.next();
    assertEquals((value!.exception() as Error).message, "failed");
    assertEquals(await take(set), 20);
  }));

Deno.test("a task that was cancelled is given as one", () =>
  virtually(async () => {
    const set = setOf(20);
    const task = set.createTask(() => sleep(1000, { result: 0 }));
    task.cancel();
    const { value } = await set.next();
    assert(value === task && value.cancelled);
    await take(set);
  }));

Deno.test("size counts what has not been given, running or not", () =>
  virtually(async () => {
    const set = setOf(10, 20);
    assertEquals(set.size, 2);
    await sleep(15);
    assertEquals(set.size, 2);
    await set.next();
    assertEquals(set.size, 1);
    assertEquals(
      Deno.inspect(set),
      "TaskSet { size: 1, running: 1, waiting: 0 }",
    );
    await set.next();
    assertEquals(set.size, 0);
  }));

Deno.test("with a limit at most so many run at a time, in order", () =>
  virtually(async () => {
    const set = new TaskSet<number>({ limit: 2 });
    let running = 0;
    let most = 0;
    const begun: number[] = [];
    for (let i = 0; i < 7; i++) {
      set.createTask(async () => {
        begun.push(i);
        most = Math.max(most, ++running);
        await sleep(10);
        running--;
        return i;
      });
    }
    await set.join();
    assertEquals([most, begun, now()], [2, [0, 1, 2, 3, 4, 5, 6], 40]);
  }));

Deno.test("one that is cancelled while it waits for room never runs, and takes no room", () =>
  virtually(async () => {
    const set = new TaskSet<number>({ limit: 1 });
    set.createTask(() => sleep(10, { result: 1 }));
    let ran = false;
    const second = set.createTask(() => Number(ran = true));
    set.createTask(() => 3);
    await sleep(1);
    second.cancel();
    await set.join();
    assertEquals([ran, set.size, now()], [false, 3, 10]);
  }));

Deno.test("two that wait for the next get one each, in their order; with one task left the other is done", () =>
  virtually(async () => {
    const set = setOf(10);
    const both = [take(set), take(set)];
    assertEquals(await Promise.all(both), [10, undefined]);
    assertEquals(now(), 10);
  }));

Deno.test("a next that is given up takes no task", () =>
  virtually(async () => {
    const set = setOf(10);
    const cancelled = new Attempt((options) => set.next(options));
    const aborted = new Attempt((options) => set.next(options));
    const third = new Attempt(() => take(set));
    cancelled.cancel();
    aborted.abort();
    await sleep(20);
    assertEquals(
      [cancelled.outcome, aborted.outcome, third.value],
      ["cancelled", "Aborted", 10],
    );
  }));

Deno.test("a loop that is left ends nothing, and another one goes on", () =>
  virtually(async () => {
    const set = setOf(10, 20);
    for await (const _ of set) break;
    assertEquals(await take(set), 20);
  }));

Deno.test("cancel cancels all that have not ended, and they stay in the set", () =>
  virtually(async () => {
    const set = setOf(10, 1000, 2000);
    await sleep(20);
    set.cancel("enough");
    const ends: string[] = [];
    for (let it = await set.next(); !it.done; it = await set.next()) {
      ends.push(it.value.cancelled ? "cancelled" : `${it.value.result()}`);
    }
    assertEquals([ends, now()], [["10", "cancelled", "cancelled"], 20]);
  }));

Deno.test("join waits until all have ended, also those that come meanwhile, and takes none", () =>
  virtually(async () => {
    const set = setOf(10);
    set.createTask(async () => {
      await sleep(5);
      set.createTask(() => sleep(50, { result: 50 }));
      return 5;
    });
    await set.join();
    assertEquals([now(), set.size], [55, 3]);
    await set.join(); // nothing runs
    assertEquals(now(), 55);
  }));

Deno.test("await using cancels what runs, and waits for its clean-up", () =>
  virtually(async () => {
    let cleaned = 0;
    {
      await using set = new TaskSet<void>();
      for (const ms of [10, 20]) {
        set.createTask(async () => {
          try {
            await sleep(1000);
          } finally {
            await sleep(ms);
            cleaned++;
          }
        });
      }
      await sleep(1);
    }
    assertEquals([cleaned, now()], [2, 21]);
  }));

Deno.test("a cancel that comes while a set is disposed is delivered when that is over", () =>
  virtually(async () => {
    const steps: string[] = [];
    const task = createTask(async () => {
      {
        await using set = new TaskSet<void>();
        set.createTask(async () => {
          try {
            await sleep(1000);
          } finally {
            await sleep(10);
            steps.push("cleaned up");
          }
        });
        await sleep(1);
        currentTask()!.cancel();
      }
      steps.push("disposed");
      await sleep(0);
      steps.push("not reached");
    });
    await assertRejects(async () => await task, CancelledError);
    assertEquals(steps, ["cleaned up", "disposed"]);
  }));

Deno.test("no task can be started in a set that was disposed, by its own tasks neither", () =>
  virtually(async () => {
    const errors: unknown[] = [];
    const set = new TaskSet<void>();
    set.createTask(async () => {
      try {
        await sleep(1000);
      } finally {
        try {
          set.createTask(() => sleep(1000));
        } catch (error) {
          errors.push((error as Error).message);
        }
      }
    });
    await sleep(1);
    await set[Symbol.asyncDispose]();
    assertThrows(() => set.createTask(() => {}), Error, "was disposed");
    assertEquals(errors.length, 1);
    await set[Symbol.asyncDispose](); // harmless
  }));

Deno.test("wherever the owner of a set is cancelled, none of its tasks is left", async () => {
  let running = 0;
  const { points } = await cancelEverywhere(async () => {
    await using set = new TaskSet<void>({ limit: 2 });
    for (let i = 0; i < 4; i++) {
      set.createTask(async () => {
        running++;
        try {
          await sleep(10);
        } finally {
          running--;
        }
      });
    }
    for await (const _ of set) await sleep(1);
  }, () => assertEquals(running, 0));
  assert(points >= 8, `${points}`);
});

Deno.test("an error in a set that is not asked for is reported", async () => {
  const reports = await reportsOf(async () => {
    await using set = new TaskSet<void>();
    set.createTask(() => Promise.reject(new Error("lost")), { name: "work" });
    await set.join();
  });
  assertEquals(reports.map(({ error }) => (error as Error).message), ["lost"]);
});

Deno.test("the call graph shows which tasks wait for those of a set", () =>
  virtually(async () => {
    const set = new TaskSet<void>();
    const task = set.createTask(() => sleep(10), { name: "child" });
    const owner = createTask(() => set.next(), { name: "owner" });
    await sleep(1);
    const { awaitedBy } = captureCallGraph(task);
    assertEquals(awaitedBy.map(({ name, awaits }) => [name, awaits]), [
      ["owner", ["TaskSet.next"]],
    ]);
    await owner;
  }));

Deno.test("a TaskSet refuses what is no limit and no function", () => {
  for (const limit of [0, 1.5, NaN, -1]) {
    assertThrows(() => new TaskSet({ limit }), RangeError);
  }
  assertThrows(() => new TaskSet({ limit: "2" as never }), TypeError);
  assertThrows(
    () => new TaskSet().createTask(sleep(0) as never),
    TypeError,
    "write createTask(() => f(x))",
  );
});

Deno.test("an eager task that cancels its TaskSet is cancelled too", () =>
  virtually(async () => {
    const set = new TaskSet<void>();
    const task = set.createTask(() => {
      set.cancel("enough");
      return sleep(1e6);
    }, { eager: true });
    await assertRejects(async () => await task, CancelledError, "enough");
    assertEquals(now(), 0);
  }));
