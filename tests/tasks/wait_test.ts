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
  sleep,
  wait,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { reportsOf } from "../_helpers/reports.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

const after = (ms: number) => createTask(() => sleep(ms));
const failAfter = (ms: number) =>
  createTask(async () => {
    await sleep(ms);
    throw new Error("boom");
  });

Deno.test("wait waits for all, whether they fail or are cancelled, and throws nothing", () =>
  virtually(async () => {
    const [a, b, c] = [after(10), failAfter(20), after(60_000)];
    getRunningLoop().callLater(30, () => c.cancel());
    const { done, pending } = await wait([a, b, c]);
    assertEquals([done, pending, now()], [
      new Set<unknown>([a, b, c]),
      new Set(),
      30,
    ]);
    b.exception();
  }));

Deno.test("FIRST_COMPLETED returns at the first, with everything that is done by then", () =>
  virtually(async () => {
    const [a, b, c] = [after(10), after(10), after(20)];
    const { done, pending } = await wait([a, b, c], {
      returnWhen: "FIRST_COMPLETED",
    });
    assertEquals([done, pending], [new Set([a, b]), new Set([c])]);
    await c; // goes on
  }));

Deno.test("FIRST_EXCEPTION returns at the first failure; a cancel is none", () =>
  virtually(async () => {
    const [cancelled, fine, failing, slow] = [
      after(60_000),
      after(5),
      failAfter(10),
      after(60_000),
    ];
    cancelled.cancel();
    const { done, pending } = await wait([cancelled, fine, failing, slow], {
      returnWhen: "FIRST_EXCEPTION",
    });
    assertEquals([done.size, [...pending], now()], [3, [slow], 10]);
    failing.exception();
    const without = await wait([cancelled, fine], {
      returnWhen: "FIRST_EXCEPTION",
    });
    assertEquals(without.done.size, 2);
    slow.cancel();
  }));

Deno.test("wait returns at once where that is enough already", () =>
  virtually(async () => {
    const [fine, failed, slow] = [after(0), failAfter(0), after(60_000)];
    await sleep(1);
    for (
      const [futures, returnWhen, size] of [
        [[fine, failed], "ALL_COMPLETED", 2],
        [[fine, slow], "FIRST_COMPLETED", 1],
        [[failed, slow], "FIRST_EXCEPTION", 1],
      ] as const
    ) {
      const { done } = await wait(futures, { returnWhen });
      assertEquals([done.size, now()], [size, 1]);
    }
    failed.exception();
    slow.cancel();
  }));

Deno.test("at the timeout wait returns what is done, and cancels nothing", () =>
  virtually(async () => {
    const [fast, slow] = [after(5), after(20)];
    const { done, pending } = await wait([fast, slow], { timeout: 10 });
    assertEquals([[...done], [...pending], now()], [[fast], [slow], 10]);
    await slow;
    assertEquals(now(), 20);
    assertEquals((await wait([after(5)], { timeout: Infinity })).done.size, 1);
  }));

Deno.test("wait with no time looks at what is done, and returns", () =>
  virtually(async () => {
    const [fast, slow] = [after(0), after(20)];
    await sleep(1);
    for (const timeout of [0, -1]) {
      const { done, pending } = await wait([fast, slow], { timeout });
      assertEquals([[...done], [...pending], now()], [[fast], [slow], 1]);
    }
    slow.cancel();
  }));

Deno.test("a wait that is cancelled leaves the futures alone, and no trace in them", () =>
  virtually(async () => {
    const future = new Future<void>();
    const task = createTask(() => wait([future], { timeout: 1000 }));
    await sleep(1);
    task.cancel("enough");
    await assertRejects(async () => await task, CancelledError, "enough");
    assertEquals(future.done, false);
    future.setResult();
    await sleep(2000);
  }));

Deno.test("a wait that is aborted rejects with the signal's reason, and leaves the futures alone", () =>
  virtually(async () => {
    const controller = new AbortController();
    const task = after(10);
    getRunningLoop().callLater(5, () => controller.abort("reason"));
    const error = await wait([task], { signal: controller.signal }).catch((
      it,
    ) => it);
    assertEquals([error, now()], ["reason", 5]);
    assertEquals(
      await wait([task], { signal: controller.signal }).catch((it) => it),
      "reason",
    );
    await task;
  }));

for (const giveUp of ["cancelled", "aborted"]) {
  Deno.test(`a wait that is ${giveUp} gives its promises up, and their end is ignored`, async () => {
    const reports = await reportsOf(async () => {
      const { promise, reject } = Promise.withResolvers<void>();
      const controller = new AbortController();
      const task = createTask(() =>
        wait([promise], { signal: controller.signal })
      );
      await sleep(0);
      if (giveUp === "cancelled") task.cancel();
      else controller.abort(new CancelledError());
      await assertRejects(async () => await task, CancelledError);
      reject(new Error("too late"));
      await turns();
    });
    assertEquals(reports, []);
  });
}

for (const order of ["done first", "cancelled first"]) {
  Deno.test(`completion and cancel of a wait in the same turn, ${order}`, () =>
    virtually(async () => {
      const future = new Future<number>();
      const seen: unknown[] = [];
      const task = createTask(async () => {
        seen.push((await wait([future])).done.has(future));
        await sleep(0);
        seen.push("not reached");
      });
      await sleep(1);
      const steps = [() => future.setResult(1), () => task.cancel()];
      if (order === "cancelled first") steps.reverse();
      for (const step of steps) step();
      await assertRejects(async () => await task, CancelledError);
      assertEquals(seen, order === "done first" ? [true] : []);
    }));
}

Deno.test("a promise stands in the sets as its future", () =>
  virtually(async () => {
    const promise = Promise.resolve("value");
    const task = createTask(() => "task");
    const { done } = await wait<string>([promise, task, promise]);
    assertEquals(done.size, 2);
    assert(done.has(task));
    const [future] = [...done].filter((it) => it !== task);
    assertStrictEquals(future!.result(), "value");
  }));

Deno.test("wait takes any iterable, the same future once", async () => {
  const task = createTask(() => 1);
  assertEquals((await wait(new Set([task]))).done.size, 1);
  assertEquals((await wait([task, task])).done.size, 1);
});

Deno.test("with a cancel undelivered, wait throws it, though all is done", async () => {
  const done = new Future<void>();
  done.setResult();
  const task = createTask(async () => {
    currentTask()!.cancel();
    await wait([done]);
  });
  await assertRejects(async () => await task, CancelledError);
});

Deno.test("bad input to wait rejects with a TypeError, and changes nothing", async () => {
  const task = createTask(() => sleep(0));
  const bad = [
    [],
    undefined,
    null,
    task,
    Promise.resolve(),
    "ab",
    [() => 1],
    [task, 1],
    [{}],
    [null],
  ] as never[];
  for (const futures of bad) {
    await assertRejects(() => wait(futures), TypeError);
  }
  for (
    const options of [{ returnWhen: "NEVER" }, { returnWhen: 1 }, {
      timeout: "5",
    }] as never[]
  ) {
    await assertRejects(() => wait([task], options), TypeError);
  }
  await assertRejects(() => wait([task], { timeout: NaN }), RangeError);
  await task;
});

Deno.test("a promise given to a wait that is refused keeps its own unhandled rejection", async () => {
  const heard = new Promise<unknown>((resolve) => {
    globalThis.addEventListener("unhandledrejection", (event) => {
      event.preventDefault();
      resolve(event.reason);
    }, { once: true });
  });
  wait([Promise.reject("ignored")], { timeout: NaN }).catch(() => {});
  assertEquals(await heard, "ignored");
});

Deno.test("a floating wait that is cancelled is no unhandled rejection", async () => {
  const task = createTask(async () => {
    wait([new Future()]);
    await sleep(60_000);
  });
  await turns();
  task.cancel();
  await turns();
  assert(task.cancelled);
});
