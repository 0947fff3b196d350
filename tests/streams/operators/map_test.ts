import { AsyncLocalStorage } from "node:async_hooks";
import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { map } from "@asyncio/asyncio/streams/operators";
import {
  allTasks,
  cancellable,
  CancelledError,
  ContextVar,
  createTask,
  currentTask,
  Future,
  getRunningLoop,
  InvalidStateError,
  isCancelled,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { explore, VirtualClock } from "@asyncio/asyncio/testing";
import { reportsOf } from "../../_helpers/reports.ts";
import { virtually } from "../../_helpers/virtually.ts";
import { all, Numbers } from "./_sources.ts";
import { now } from "../../_helpers/now.ts";

function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, () => virtually(body));
}

// --- limit -------------------------------------------------------------------

for (const ordered of [true, false]) {
  const which = ordered ? "ordered" : "not ordered";

  for (const limit of [1, 2, 3, 10]) {
    test(`no more than ${limit} run at a time, ${which}`, async () => {
      let running = 0;
      let most = 0;
      const items = Array.from({ length: 50 }, (_, i) => i);
      const results = await all(map(items, async (i) => {
        most = Math.max(most, ++running);
        await sleep((i * 7) % 5);
        running--;
        return i;
      }, { limit, ordered }));
      assertEquals(most, limit);
      assertEquals(
        ordered ? results : results.toSorted((a, b) => a - b),
        items,
      );
    });

    test(`no more than ${limit} are held, ${which}`, async () => {
      const numbers = new Numbers();
      const items = map(numbers, (n) => sleep(n % 3, { result: n }), {
        limit,
        ordered,
      });
      await sleep(50);
      assertEquals(numbers.taken, 0);
      for (let given = 1; given <= 20; given++) {
        await items.next();
        assert(numbers.taken - given <= limit);
        await sleep(50);
        assert(numbers.taken - given <= limit - 1, "nothing is asked for");
      }
      await items.return!();
      assertEquals(numbers.returned, 1);
    });
  }

  test(`all run at once without a limit, ${which}`, async () => {
    const items = Array.from({ length: 1000 }, (_, i) => i);
    const options = { limit: Infinity, ordered };
    const results = await all(
      map(items, (i) => sleep(100, { result: i }), options),
    );
    assertEquals(now(), 100);
    assertEquals(results, items);
  });
}

test("the calls begin at once, in order, with the first that is asked for", async () => {
  const begun: number[] = [];
  const items = map([1, 2, 3, 4, 5], async (n) => {
    begun.push(n);
    await sleep(1);
  }, { limit: 3 });
  assertEquals(begun, []);
  const first = items.next();
  assertEquals(begun, [1, 2, 3]);
  await first;
  assertEquals(begun, [1, 2, 3]);
  await items.return!();
});

test("calls run on while the consumer is busy", async () => {
  const ended: number[] = [];
  const items = map([1, 2, 3, 4, 5, 6], async (n) => {
    await sleep(10);
    ended.push(n);
  }, { limit: 3 });
  await items.next();
  await sleep(100);
  assertEquals(ended, [1, 2, 3]);
  await items.next();
  await sleep(100);
  assertEquals(ended, [1, 2, 3, 4]);
  await items.return!();
});

test("a slow consumer is not kept waiting by slow calls", async () => {
  const numbers = Array.from({ length: 40 }, (_, i) => i);
  const items = map(numbers, () => sleep(900), { limit: 10 });
  for await (const _ of items) await sleep(100);
  assertEquals(now(), 900 + 40 * 100);
});

test("an async source is read one item at a time", async () => {
  let running = 0;
  let n = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      async next() {
        assertEquals(++running, 1);
        await sleep(3);
        running--;
        return { done: n === 10, value: n++ };
      },
    }),
  };
  await all(map(source, () => sleep(15), { limit: 6 }));
  assertEquals(now(), 10 * 3 + 15);
});

test("calls that take a turn run side by side, of an async source too", async () => {
  async function* source() {
    for (let i = 0; i < 200; i++) yield i;
  }
  for (const input of [source(), Array(200).fill(0)]) {
    let running = 0;
    let most = 0;
    await all(map(input, async () => {
      most = Math.max(most, ++running);
      await sleep(0);
      running--;
    }, { limit: 8 }));
    assertEquals(most, 8);
  }
});

// --- order -------------------------------------------------------------------

test("results are in the order of the items", async () => {
  const results = map([30, 10, 20], (ms) => sleep(ms, { result: ms }), {
    limit: 3,
  });
  assertEquals(await all(results), [30, 10, 20]);
  assertEquals(now(), 30);
});

test("results come as they are ready when not ordered", async () => {
  const results = map([30, 10, 20, 5], (ms) => sleep(ms, { result: ms }), {
    limit: 3,
    ordered: false,
  });
  assertEquals(await all(results), [10, 5, 20, 30]);
});

test("a function may give values, promises, futures and thenables", async () => {
  const future = new Future<string>();
  getRunningLoop().callLater(5, () => future.setResult("future"));
  const kinds: (() => unknown)[] = [
    () => "value",
    () => Promise.resolve("promise"),
    () => future,
    () => createTask(() => "task"),
    () => ({ then: (resolve: (value: string) => void) => resolve("thenable") }),
    () => undefined,
  ];
  assertEquals(await all(map(kinds, (kind) => kind(), { limit: 2 })), [
    "value",
    "promise",
    "future",
    "task",
    "thenable",
    undefined,
  ]);
});

test("the function gets the item alone", async () => {
  const got = await all(map(["10", "11"], (...args) => args.length));
  assertEquals(got, [1, 1]);
});

// --- errors ------------------------------------------------------------------

class Broken extends Error {
  constructor(readonly item: number) {
    super(`item ${item}`);
  }
}

for (const kind of ["throws", "rejects", "rejects later"]) {
  const fail = (item: number): Promise<never> => {
    if (kind === "throws") throw new Broken(item);
    if (kind === "rejects") return Promise.reject(new Broken(item));
    return sleep(1).then(() => Promise.reject(new Broken(item)));
  };
  for (const limit of [1, 2, 5]) {
    test(`a function that ${kind} ends it in its place, limit ${limit}`, async () => {
      const got: unknown[] = [];
      const numbers = new Numbers();
      const items = map(
        numbers,
        (n) => n === 3 ? fail(n) : sleep(10 - n, { result: n }),
        { limit },
      );
      const error = await assertRejects(async () => {
        for await (const item of items) got.push(item);
      }, Broken);
      assertEquals([error.item, got], [3, [1, 2]]);
      assertEquals(numbers.returned, 1);
      assertEquals(allTasks().size, 1);
      assertEquals(await items.next(), { done: true, value: undefined });
    });
  }
}

test("an error is thrown at once when not ordered", async () => {
  const ended: number[] = [];
  const got: unknown[] = [];
  await assertRejects(async () => {
    const items = map([30, 5, 10, 20], async (ms) => {
      try {
        await sleep(ms);
        if (ms === 10) throw new Broken(ms);
        return ms;
      } finally {
        ended.push(ms);
      }
    }, { limit: 4, ordered: false });
    for await (const item of items) got.push(item);
  }, Broken);
  assertEquals(now(), 10);
  assertEquals(got, [5]);
  assertEquals(ended, [5, 10, 30, 20]);
});

test("an error cancels what comes after it, and lets run what comes before", async () => {
  const ended: string[] = [];
  const items = map([1, 2, 3, 4], async (n) => {
    try {
      await sleep(n === 2 ? 5 : 20);
      if (n === 2) throw new Broken(n);
      return n;
    } finally {
      ended.push(`${n} at ${now()}`);
    }
  }, { limit: 4 });
  const first = await items.next();
  assertEquals(first, { done: false, value: 1 });
  await assertRejects(() => items.next(), Broken);
  assertEquals(ended, ["2 at 5", "3 at 5", "4 at 5", "1 at 20"]);
});

test("after an error nothing more is taken", async () => {
  const numbers = new Numbers();
  const items = map(numbers, async (n) => {
    await sleep(n === 1 ? 100 : 1);
    if (n === 2) throw new Broken(n);
  }, { limit: 3 });
  await items.next();
  assertEquals(numbers.taken, 3);
  assertEquals(numbers.returned, 1);
  await assertRejects(() => items.next(), Broken);
  assertEquals(numbers.taken, 3);
});

test("after an error what is under way is not worked on", async () => {
  const called: number[] = [];
  let n = 0;
  const source = {
    [Symbol.asyncIterator]: () => ({
      // A foreign promise, which no cancel ends.
      next: () =>
        new Promise<IteratorResult<number>>((resolve) => {
          setTimeout(() => resolve({ done: false, value: ++n }), n * 5);
        }),
    }),
  };
  const items = map(source, async (item) => {
    called.push(item);
    await sleep(1);
    throw new Broken(item);
  }, { limit: 2 });
  await assertRejects(() => items.next(), Broken);
  assertEquals([called, n], [[1], 2]);
});

test("after an error the source is closed, though it is not asked for", async () => {
  let isClosed = false;
  async function* source() {
    try {
      yield 1;
      yield 2;
      await sleep(1000);
      yield 3;
    } finally {
      isClosed = true;
    }
  }
  const items = map(source(), async (n) => {
    if (n === 1) return n;
    await sleep(5);
    throw new Broken(n);
  }, { limit: 3 });
  await items.next();
  await sleep(10);
  assert(isClosed);
  await assertRejects(() => items.next(), Broken);
  assertEquals(now(), 10);
});

Deno.test("of several errors the first in order is thrown, the others are reported", async () => {
  const reports = await reportsOf(async () => {
    const items = map([1, 2, 3], async (n) => {
      await sleep(n === 3 ? 1 : 5);
      throw new Broken(n);
    }, { limit: 3 });
    const error = await assertRejects(() => all(items), Broken);
    assertEquals(error.item, 1);
  });
  // The second has failed in the same moment as the first, or was cancelled.
  const items = reports.map(({ error }) => (error as Broken).item);
  assert(items.includes(3), String(items));
  assert(!items.includes(1));
});

Deno.test("an error of the clean-up of a call is reported", async () => {
  const reports = await reportsOf(async () => {
    const items = map([1, 2], async (n) => {
      if (n === 1) return;
      try {
        await sleep(1000);
      } catch {
        throw new Broken(n);
      }
    }, { limit: 2 });
    for await (const _ of items) break;
  });
  assertEquals(reports.length, 1);
  assertEquals((reports[0]!.error as Broken).item, 2);
});

Deno.test("an error that waits to be thrown is reported when the loop is left", async () => {
  const reports = await reportsOf(async () => {
    const items = map([1, 2, 3], (n) => {
      if (n === 2) throw new Broken(n);
      return n;
    }, { limit: 3 });
    for await (const _ of items) break;
  });
  assertEquals(reports.map(({ error }) => (error as Broken).item), [2]);
});

Deno.test("an error is reported if the loop is left while the source closes", async () => {
  const reports = await reportsOf(async () => {
    async function* source() {
      try {
        yield* [1, 2];
      } finally {
        await sleep(20);
      }
    }
    const items = map(source(), async (n) => {
      if (n === 1) return n;
      await sleep(1);
      throw new Broken(n);
    }, { limit: 2, ordered: false });
    await items.next();
    await sleep(5);
    await items.return!();
  });
  assertEquals(reports.length, 1);
  assertStringIncludes(reports[0]!.message, "in map, which is ending");
});

Deno.test("an error that is not asked for is reported at the end of the run", async () => {
  const reports = await reportsOf(async () => {
    const items = map([1, 2], (n) => {
      if (n === 2) throw new Broken(n);
      return n;
    }, { limit: 2, ordered: false });
    await items.next().catch(() => {});
    await sleep(1);
  });
  assert(reports.length <= 1);
});

test("a call that is cancelled by itself ends it with that cancel", async () => {
  const tasks: ReturnType<typeof currentTask>[] = [];
  const items = map([1, 2, 3], async (n) => {
    tasks[n] = currentTask();
    await sleep(10);
    return n;
  }, { limit: 3 });
  const first = items.next();
  tasks[2]!.cancel("no more of this");
  assertEquals(await first, { done: false, value: 1 });
  await assertRejects(() => items.next(), CancelledError, "no more of this");
  assertEquals(allTasks().size, 1);
});

test("a function that throws a CancelledError fails with it", async () => {
  const items = map([1], () => {
    throw new CancelledError("mine");
  });
  await assertRejects(() => items.next(), CancelledError, "mine");
  assertEquals(await items.next(), { done: true, value: undefined });
});

// --- ends --------------------------------------------------------------------

test("leaving a loop ends what runs, and waits for it", async () => {
  const ended: number[] = [];
  const items = map([1, 2, 3, 4, 5], async (n) => {
    try {
      await sleep(n === 1 ? 1 : 1000);
      return n;
    } catch (error) {
      await sleep(10);
      throw error;
    } finally {
      ended.push(n);
    }
  }, { limit: 3, ordered: false });
  for await (const _ of items) break;
  assertEquals(ended.toSorted(), [1, 2, 3]);
  assertEquals(allTasks().size, 1);
});

test("a body that throws ends what runs", async () => {
  let ended = 0;
  await assertRejects(async () => {
    const items = map([1, 2, 3], async (n) => {
      try {
        if (n > 1) await sleep(1000);
      } finally {
        ended++;
      }
    }, { limit: 3 });
    for await (const _ of items) throw new Broken(0);
  }, Broken);
  assertEquals([ended, now()], [3, 0]);
});

test("a timeout around the loop waits for the calls to clean up", async () => {
  let cleaned = 0;
  await assertRejects(
    () =>
      timeout(20, () =>
        all(map(new Numbers(), async () => {
          try {
            await sleep(1000);
          } finally {
            await sleep(5);
            cleaned++;
          }
        }, { limit: 4 }))),
    TimeoutError,
  );
  assertEquals([cleaned, now()], [4, 25]);
});

test("calls are cancelled once, also when the consumer is cancelled again", async () => {
  let cleaned = 0;
  const consumer = createTask(() =>
    all(map([1, 2], async () => {
      try {
        await sleep(1000);
      } finally {
        await sleep(10); // a second cancel would end this
        cleaned++;
      }
    }, { limit: 2 }))
  );
  await sleep(1);
  consumer.cancel("first");
  await sleep(1);
  consumer.cancel("second");
  await assertRejects(async () => await consumer, CancelledError);
  assertEquals([cleaned, now()], [2, 11]);
});

test("a call may leave the operator that it runs in", async () => {
  let hasLeft = false;
  const items: AsyncIterableIterator<number, undefined> = map(
    [1, 2, 3],
    async (n) => {
      if (n === 2) {
        await items.return!(); // does not wait for this call
        hasLeft = true;
      }
      return n;
    },
  );
  assertEquals(await all(items), [1]);
  await items.return!();
  assertEquals([hasLeft, allTasks().size], [true, 1]);
});

test("a call that waits for its consumer is a ring, and is broken", async () => {
  const consumer = createTask(() =>
    all(map([1], async () => {
      await consumer;
    }))
  );
  await sleep(1);
  consumer.cancel();
  await assertRejects(async () => await consumer, CancelledError);
});

test("a cancel reaches foreign work through its signal", async () => {
  let aborted = 0;
  const work = () =>
    cancellable((signal) =>
      new Promise<void>(() => {
        signal.addEventListener("abort", () => aborted++);
      })
    );
  const consumer = createTask(() => all(map([1, 2, 3], work, { limit: 2 })));
  await sleep(0);
  consumer.cancel();
  await assertRejects(async () => await consumer, CancelledError);
  assertEquals(aborted, 2);
});

test("two tasks may share one", async () => {
  const items = map(Array.from({ length: 20 }, (_, i) => i), (i) => i, {
    limit: 3,
  });
  const got: number[] = [];
  const consume = async () => {
    for await (const item of items) {
      got.push(item);
      await sleep(item % 3);
    }
  };
  const tasks = [createTask(consume), createTask(consume)];
  for (const task of tasks) await task;
  assertEquals(got, Array.from({ length: 20 }, (_, i) => i));
});

test("one that is consumed by a task that has ended goes on for another", async () => {
  const items = map([1, 2, 3, 4], (n) => sleep(5, { result: n }), { limit: 2 });
  assertEquals((await createTask(() => items.next())).value, 1);
  await sleep(50);
  assertEquals(await all(items), [2, 3, 4]);
});

test("a cancel of the task that made it is no concern of its consumer", async () => {
  const maker = createTask(async () => {
    const items = map([1, 2, 3], (n) => sleep(5, { result: n }), { limit: 2 });
    handed.setResult(items);
    await sleep(1000);
  });
  const handed = new Future<AsyncIterableIterator<number, undefined>>();
  const items = await handed;
  const got = createTask(() => all(items));
  await sleep(1);
  maker.cancel();
  assertEquals(await got, [1, 2, 3]);
});

// --- where calls run ---------------------------------------------------------

test("calls run in tasks, and see the variables of the consumer", async () => {
  const variable = new ContextVar<string>("variable", { default: "none" });
  const main = currentTask();
  const consumer = createTask(() => {
    variable.set("consumer");
    return all(map([1, 2, 3, 4, 5, 6], async (n) => {
      assert(currentTask() !== main && currentTask() !== undefined);
      const seen = variable.get();
      variable.set(`call ${n}`);
      if (n % 2 === 0) await sleep(1);
      return seen;
    }, { limit: 2 }));
  });
  assertEquals(new Set(await consumer), new Set(["consumer"]));
  assertEquals(variable.get(), "none");
});

test("a source sees the variables of the consumer", async () => {
  const variable = new ContextVar<string>("variable", { default: "none" });
  variable.set("consumer");
  async function* source() {
    for (let i = 0; i < 4; i++) {
      await sleep(1);
      yield variable.get();
    }
  }
  const items = map(source(), (it) => {
    variable.set("call");
    return it;
  }, { limit: 3 });
  assertEquals(new Set(await all(items)), new Set(["consumer"]));
});

test("calls do not see the variables that the source sets", async () => {
  const variable = new ContextVar<string>("variable", { default: "none" });
  function* source() {
    for (let i = 0; i < 4; i++) {
      variable.set("source");
      yield i;
    }
  }
  const items = map(source(), () => variable.get(), { limit: 2 });
  assertEquals(await all(items), Array(4).fill("none"));
});

test("its tasks have its name", async () => {
  const items = map([1], () => currentTask()!.name);
  assertEquals(await all(items), ["map"]);
});

// --- with other parts --------------------------------------------------------

test("nothing is lost of a queue whose reader is cancelled while it waits", async () => {
  const queue = new Queue<number>();
  const got: number[] = [];
  const consumer = createTask(async () => {
    for await (const n of map(queue, (n) => n)) got.push(n);
  });
  await sleep(1);
  consumer.cancel();
  await queue.put(1);
  await assertRejects(async () => await consumer, CancelledError);
  assertEquals([got, queue.size], [[], 1]);
});

test("many items of a source that is always ready let others run", async () => {
  let ticks = 0;
  let goesOn = true;
  const ticker = createTask(async () => {
    while (goesOn) {
      await sleep(0);
      ticks++;
    }
  });
  let sum = 0;
  const numbers = Array.from({ length: 200_000 }, () => 1);
  for await (const n of map(numbers, (n) => n, { limit: 10 })) sum += n;
  goesOn = false;
  await ticker;
  assertEquals(sum, 200_000);
  assert(ticks > 1);
});

Deno.test("the same items in every order of events", async () => {
  await explore(async () => {
    const queue = new Queue<number>(2);
    createTask(async () => {
      for (let n = 0; n < 6; n++) {
        await queue.put(n);
        await sleep(n % 2);
      }
      queue.shutdown();
    });
    const items = map(queue, async (n) => {
      await sleep(n % 3);
      return n;
    }, { limit: 3 });
    assertEquals(await all(items), [0, 1, 2, 3, 4, 5]);
  }, { runs: 300 });
});

Deno.test("nothing of a queue is held twice or lost, wherever a loop is left", async () => {
  await explore(async () => {
    const queue = new Queue<number>();
    for (let n = 0; n < 6; n++) queue.putNowait(n);
    const seen: number[] = [];
    const options = { limit: 2, ordered: false };
    const items = map(queue, async (n) => {
      seen.push(n);
      await sleep(n % 2);
      return n;
    }, options);
    let count = 0;
    for await (const _ of items) if (++count === 3) break;
    while (queue.size > 0) seen.push(queue.getNowait());
    assertEquals(seen.toSorted(), [0, 1, 2, 3, 4, 5]);
  }, { runs: 300 });
});

Deno.test("it works where there is no run, and when one has ended", async () => {
  assertEquals(await all(map([1, 2], (n) => sleep(1, { result: n }))), [1, 2]);
  const items = await run(() => map([1, 2], (n) => n), {
    clock: new VirtualClock(),
  });
  assertEquals(await all(items), [1, 2]);
});

test("a cancel that came before the first item touches nothing", async () => {
  const numbers = new Numbers();
  const consumer = createTask(async () => {
    const items = map(numbers, (n) => n);
    currentTask()!.cancel();
    try {
      await items.next();
    } catch (error) {
      assert(isCancelled(error));
    }
    assertEquals(await items.next(), { done: true, value: undefined });
  });
  await consumer;
  assertEquals([numbers.taken, numbers.returned], [0, 0]);
});

Deno.test("one that is asked for its first item after its run says so", async () => {
  for (const limit of [1, 3]) {
    const numbers = new Numbers();
    const late = await run(() =>
      Promise.resolve({ // the context of the run
        next: AsyncLocalStorage.bind(() =>
          map(numbers, (n) => n, { limit }).next()
        ),
      })
    );
    await assertRejects(late.next, InvalidStateError);
    assertEquals(numbers.taken, 0);
  }
});

Deno.test("what is reported goes to the loop that it runs on, whichever is left", async () => {
  let cancel = () => {};
  const left = Promise.withResolvers<void>();
  const reporting = reportsOf(async () => {
    const items = map([1, 2], (n) => {
      if (n === 2) throw new Broken(n);
      return n;
    }, { limit: 2 });
    const consumer = createTask(async () => {
      for await (const _ of items) await sleep(60_000);
    });
    cancel = () => consumer.cancel();
    await sleep(1);
    left.resolve();
    await assertRejects(async () => await consumer, CancelledError);
  });
  await left.promise;
  cancel(); // in no run
  assertEquals((await reporting).length, 1);
});

test("a call may close the operator before its first result", async () => {
  const items = map([1, 2], async (n) => {
    await items.return!();
    return n;
  });
  assertEquals(await items.next(), { done: true, value: undefined });
  assertEquals(allTasks().size, 1);
});
