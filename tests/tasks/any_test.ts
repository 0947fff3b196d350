import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import { Lock } from "@asyncio/asyncio/sync";
import {
  any,
  CancelledError,
  createTask,
  Future,
  isCancelled,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { virtually } from "../_helpers/virtually.ts";

/** Notes when it starts and how it ends, after `ms`: with its name or an error. */
function attempt(log: string[], name: string, ms: number, fails = false) {
  return async () => {
    log.push(`${now()} ${name} starts`);
    try {
      await sleep(ms);
    } catch (error) {
      if (isCancelled(error)) log.push(`${now()} ${name} is cancelled`);
      throw error;
    }
    if (fails) throw new Error(name);
    return name;
  };
}

Deno.test("any gives the first success, and cancels the others", () =>
  virtually(async () => {
    const log: string[] = [];
    const first = await any([
      attempt(log, "failing", 1, true),
      attempt(log, "slow", 100),
      attempt(log, "fast", 10),
    ]);
    assertEquals([first, now()], ["fast", 10]);
    assertEquals(log.at(-1), "10 slow is cancelled");
  }));

Deno.test("if all fail, any rejects with all errors, in the order of the list", () =>
  virtually(async () => {
    const error = await assertRejects(
      () =>
        any([
          attempt([], "last", 30, true),
          attempt([], "first", 10, true),
          () => {
            throw new Error("at once");
          },
          Promise.reject(new Error("a promise")),
        ]),
      AggregateError,
      "all branches of any have failed",
    );
    assertEquals(
      error.errors.map(({ message }) => message),
      ["last", "first", "at once", "a promise"],
    );
    assertEquals(now(), 30);
  }));

Deno.test("a wait that fails does not take the others out of their queues, one that succeeds does", () =>
  virtually(async () => {
    const [failing, a, b] = [1, 2, 3].map(() => new Queue<number>()) as [
      Queue<number>,
      Queue<number>,
      Queue<number>,
    ];
    const first = any([() => failing.get(), () => a.get(), () => b.get()]);
    await sleep(1);
    failing.shutdown();
    await sleep(1);
    b.putNowait(3);
    a.putNowait(2);
    assertEquals([await first, a.size, b.size], [3, 1, 0]);
  }));

Deno.test("no function starts after one that succeeds at once, one that fails is followed by the next", () =>
  virtually(async () => {
    const started: number[] = [];
    const first = await any([
      () => {
        started.push(0);
        throw new Error("0");
      },
      () => started.push(1),
      () => started.push(2),
    ]);
    assertEquals([first, started], [2, [0, 1]]);
  }));

Deno.test("stagger starts functions so many milliseconds after each other", () =>
  virtually(async () => {
    const log: string[] = [];
    const first = await any([
      attempt(log, "a", 1000),
      attempt(log, "b", 1000),
      attempt(log, "c", 10),
      attempt(log, "d", 1000),
    ], { stagger: 250 });
    assertEquals(first, "c");
    assertEquals(log, [
      "0 a starts",
      "250 b starts",
      "500 c starts",
      "510 a is cancelled",
      "510 b is cancelled",
    ]);
  }));

Deno.test("with stagger the next function starts at once when the one before has failed", () =>
  virtually(async () => {
    const log: string[] = [];
    const first = await any([
      attempt(log, "a", 10, true),
      attempt(log, "b", 300, true),
      attempt(log, "c", 1000),
      () => Promise.reject(new Error("not reached")),
    ], { stagger: 250 });
    assertEquals(first, "c");
    // The fourth fails at 760, and the third goes on.
    assertEquals(log, ["0 a starts", "10 b starts", "260 c starts"]);
    assertEquals(now(), 1260);
  }));

Deno.test("with an endless stagger one function starts after the other", () =>
  virtually(async () => {
    const log: string[] = [];
    const first = await any([
      attempt(log, "a", 10_000, true),
      attempt(log, "b", 10),
      attempt(log, "c", 1),
    ], { stagger: Infinity });
    assertEquals([first, log], ["b", ["0 a starts", "10000 b starts"]]);
  }));

Deno.test("with stagger what is under way takes part from the beginning", () =>
  virtually(async () => {
    const log: string[] = [];
    const queue = new Queue<string>();
    const first = any<unknown>([
      attempt(log, "a", 1000),
      attempt(log, "b", 1000),
      queue.get(),
    ], { stagger: 250 });
    await sleep(10);
    queue.putNowait("item");
    assertEquals([await first, log], [
      "item",
      ["0 a starts", "10 a is cancelled"],
    ]);
  }));

Deno.test("no timer is left of a stagger when it is decided", () =>
  virtually(async () => {
    await any([() => sleep(5), () => sleep(5)], { stagger: 60_000 });
    assertEquals(now(), 5);
  }));

Deno.test("a cancel in the pause of a stagger ends what runs, and starts nothing", () =>
  virtually(async () => {
    const log: string[] = [];
    const task = createTask(() =>
      any([attempt(log, "a", 1000), attempt(log, "b", 1)], { stagger: 250 })
    );
    await sleep(100);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    await sleep(1000);
    assertEquals(log, ["0 a starts", "100 a is cancelled"]);
  }));

Deno.test("a cancel of its task is no failure of a branch", () =>
  virtually(async () => {
    const task = createTask(() => any([() => sleep(100), () => sleep(200)]));
    await sleep(1);
    task.cancel("first");
    task.cancel("again");
    await assertRejects(async () => await task, CancelledError);
  }));

Deno.test("a branch that was cancelled by others has failed", () =>
  virtually(async () => {
    const future = new Future<number>();
    future.cancel();
    assertEquals(await any([future, () => sleep(1, { result: 2 })]), 2);
    const error = await assertRejects(() => any([future]), AggregateError);
    assert(isCancelled(error.errors[0]));
  }));

Deno.test("a timeout around any leaves all branches undone", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    const lock = new Lock();
    await lock.acquire();
    await assertRejects(
      () =>
        timeout(10, () => any<unknown>([() => queue.get(), lock.acquire()])),
      TimeoutError,
    );
    lock.release();
    queue.putNowait(1);
    assertEquals([lock.locked, queue.size], [false, 1]);
  }));

Deno.test("an abort ends any with its reason", () =>
  virtually(async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const reason = new Error("enough");
    const first = any([() => sleep(100)], { signal, stagger: 250 });
    await sleep(1);
    controller.abort(reason);
    assertStrictEquals(await assertRejects(() => first), reason);
  }));

Deno.test("any refuses what is no list of branches, and a stagger that is no time", async () => {
  let started = false;
  const start = () => started = true;
  await assertRejects(() => any([]), TypeError, "at least one branch");
  await assertRejects(() => any([start, 1 as never]), TypeError);
  await assertRejects(() => any([start], { stagger: NaN }), RangeError);
  await assertRejects(
    () => any([start], { stagger: "1" as never }),
    TypeError,
  );
  assertEquals(started, false);
});
