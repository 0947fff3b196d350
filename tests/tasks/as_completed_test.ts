import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  asCompleted,
  CancelledError,
  captureCallGraph,
  createTask,
  Future,
  moveOnAfter,
  sleep,
  type Task,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

const after = (ms: number) => createTask(() => sleep(ms, { result: ms }));

Deno.test("asCompleted gives the futures as they finish, a task as itself", () =>
  virtually(async () => {
    const tasks = [after(30), after(10), after(20)];
    const given: unknown[] = [];
    for await (const future of asCompleted(tasks)) {
      given.push(future);
      assertEquals(now(), await future);
    }
    assertEquals(given, [tasks[1], tasks[2], tasks[0]]);
    assertStrictEquals(given[0], tasks[1]);
  }));

Deno.test("asCompleted takes functions, promises and futures, the same one once", () =>
  virtually(async () => {
    const future = new Future<string>();
    future.setResult("future");
    const work = () => sleep(5, { result: "function" });
    const results: string[] = [];
    for await (
      const it of asCompleted([
        work,
        future,
        Promise.resolve("promise"),
        future,
        work,
      ])
    ) {
      results.push(await it);
    }
    assertEquals(results, ["future", "promise", "function"]);
  }));

Deno.test("functions given to asCompleted are started at once", () =>
  virtually(async () => {
    const started: number[] = [];
    const it = asCompleted([1, 2].map((i) => () => started.push(i)));
    await sleep(0);
    assertEquals(started, [1, 2]);
    for await (const future of it) await future;
  }));

Deno.test("asCompleted gives futures that failed or were cancelled too", () =>
  virtually(async () => {
    const failing = createTask(() => Promise.reject(new Error("boom")));
    const cancelled = after(60_000);
    cancelled.cancel();
    const ends: string[] = [];
    for await (const future of asCompleted([failing, cancelled])) {
      await Promise.resolve(future).catch((error) => ends.push(error.name));
    }
    assertEquals(ends.toSorted(), ["CancelledError", "Error"]);
  }));

Deno.test("asCompleted of nothing is over at once", async () => {
  for await (const _ of asCompleted([])) throw new Error("not reached");
});

Deno.test("after the timeout the next one throws TimeoutError, and nothing is cancelled", () =>
  virtually(async () => {
    const tasks = [after(5), after(20)];
    const given: number[] = [];
    await assertRejects(async () => {
      for await (const future of asCompleted(tasks, { timeout: 10 })) {
        given.push(await future);
      }
    }, TimeoutError);
    assertEquals([given, now()], [[5], 10]);
    assertEquals(await tasks[1], 20);
  }));

Deno.test("the timeout counts from the call; what had finished in time is given after it", () =>
  virtually(async () => {
    const tasks = [after(5), after(20), after(1000)];
    const iterator = asCompleted(tasks, { timeout: 10 })
      [Symbol.asyncIterator]();
    await sleep(15);
    assertEquals((await iterator.next()).value, tasks[0]);
    await assertRejects(() => iterator.next(), TimeoutError);
    assertEquals(now(), 15);
    tasks[2]!.cancel();
  }));

Deno.test("a timeout of zero or less throws at the first that is not done", () =>
  virtually(async () => {
    for (const timeout of [0, -1]) {
      const task = after(5);
      const iterator = asCompleted([task], { timeout })[Symbol.asyncIterator]();
      await assertRejects(() => iterator.next(), TimeoutError);
      await task;
      assertEquals(
        (await asCompleted([task], { timeout })[Symbol.asyncIterator]().next())
          .value,
        task,
      );
    }
  }));

Deno.test("a loop that is left may be taken up again, and nothing is given twice", () =>
  virtually(async () => {
    const completed = asCompleted([after(10), after(20), after(30)]);
    const given: number[] = [];
    for await (const future of completed) {
      given.push(await future);
      if (given.length === 1) break;
    }
    for await (const future of completed) given.push(await future);
    assertEquals(given, [10, 20, 30]);
  }));

Deno.test("several that iterate over the same one share the futures", () =>
  virtually(async () => {
    const completed = asCompleted([after(10), after(20), after(30), after(40)]);
    const given: number[] = [];
    const consume = async () => {
      for await (const future of completed) given.push(await future);
    };
    await Promise.all([consume(), consume(), consume()]);
    assertEquals(given, [10, 20, 30, 40]);
  }));

for (const order of ["done first", "cancelled first"]) {
  Deno.test(`completion and cancel of a next in the same turn, ${order}: no future is lost`, () =>
    virtually(async () => {
      const future = new Future<number>();
      const iterator = asCompleted([future])[Symbol.asyncIterator]();
      const seen: unknown[] = [];
      const task = createTask(async () => {
        seen.push((await iterator.next()).value);
        await sleep(0);
      });
      await sleep(1);
      const steps = [() => future.setResult(1), () => task.cancel()];
      if (order === "cancelled first") steps.reverse();
      for (const step of steps) step();
      await assertRejects(async () => await task, CancelledError);
      if (order === "done first") assertEquals(seen, [future]);
      else assertEquals([seen, (await iterator.next()).value], [[], future]);
      assertEquals((await iterator.next()).done, true);
    }));
}

Deno.test("a next that is given up by a timeout takes no future", () =>
  virtually(async () => {
    const task = after(20);
    const iterator = asCompleted([task])[Symbol.asyncIterator]();
    assertEquals(await moveOnAfter(10, () => iterator.next()), undefined);
    assertEquals((await iterator.next()).value, task);
  }));

Deno.test("bad input to asCompleted throws at once, and starts nothing", async () => {
  const started: string[] = [];
  const work = () => started.push("started");
  const bad = [
    undefined,
    null,
    1,
    work,
    Promise.resolve(),
    createTask(() => {}),
    [work, 1],
    [work, null],
  ] as never[];
  for (const awaitables of bad) {
    assertThrows(() => asCompleted(awaitables), TypeError);
  }
  assertThrows(() => asCompleted([work], { timeout: NaN }), RangeError);
  assertThrows(() => asCompleted([work], { timeout: "5" as never }), TypeError);
  await turns(1);
  assertEquals(started, []);
});

Deno.test("a task race in a loop, with what is left taken up again, ends every task", () =>
  virtually(async () => {
    const tasks: Task<number>[] = [];
    for (let i = 0; i < 50; i++) tasks.push(after((i * 37) % 50));
    const order: number[] = [];
    for await (const task of asCompleted(tasks)) order.push(await task);
    assertEquals(order, Array.from({ length: 50 }, (_, i) => i));
    assert(tasks.every((task) => task.done));
  }));

Deno.test("of several that wait for the next one, one that is cancelled takes none from the others", () =>
  virtually(async () => {
    const iterator = asCompleted([10, 20, 30].map(after))
      [Symbol.asyncIterator]();
    const seen: unknown[] = [];
    const readers = Array.from({ length: 4 }, () =>
      createTask(async () => {
        const { done, value } = await iterator.next();
        seen.push(done ? "over" : await value);
      }));
    await sleep(1);
    readers[0]!.cancel();
    await sleep(30);
    assertEquals(seen, [10, 20, 30]);
    assertEquals(await iterator.next(), { done: true, value: undefined });
  }));

/** The tasks that wait for `task`, by name. */
function awaitersOf(task: Task<unknown>): (string | undefined)[] {
  return captureCallGraph(task)!.awaitedBy.map(({ name }) => name);
}

for (const end of ["cancelled", "left", "out of time"]) {
  Deno.test(`a loop over asCompleted that is ${end} leaves nothing with the futures`, () =>
    virtually(async () => {
      const [first, last] = [after(10), after(1e6)];
      const timeout = end === "out of time" ? 20 : Infinity;
      const looping = createTask(async () => {
        for await (const _ of asCompleted([first, last], { timeout })) {
          if (end === "left") break;
        }
      }, { name: "looping" });
      await sleep(5);
      assertEquals(awaitersOf(last), ["looping"]);
      await sleep(25);
      if (end === "cancelled") looping.cancel();
      await looping.catch(() => {});
      assertEquals(awaitersOf(last), []);
      last.cancel();
    }));
}

Deno.test("a future that finishes outside of a wait is given to the code that goes on with the loop", () =>
  virtually(async () => {
    const [first, second] = [after(10), after(20)];
    const iterator = asCompleted([first, second])[Symbol.asyncIterator]();
    assertEquals(await moveOnAfter(5, () => iterator.next()), undefined);
    await second;
    assertEquals((await iterator.next()).value, first);
    assertEquals((await iterator.next()).value, second);
    assertEquals((await iterator.next()).done, true);
  }));
