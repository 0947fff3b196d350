import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import {
  type Awaitable,
  cancellable,
  CancelledError,
  createTask,
  currentTask,
  ensureFuture,
  Future,
  gather,
  getRunningLoop,
  moveOnAfter,
  race,
  run,
  shield,
  sleep,
  taskGroup,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { reportsOf } from "../_helpers/reports.ts";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("a shield gives what the work gives", () =>
  virtually(async () => {
    assertEquals(await shield(() => sleep(5, { result: "value" })), "value");
    assertEquals(await shield(Promise.resolve("promise")), "promise");
    await assertRejects(
      async () => await shield(() => Promise.reject(new Error("boom"))),
      Error,
      "boom",
    );
  }));

Deno.test("the shield of work that has ended is the work itself", async () => {
  const task = createTask(() => 1, { eager: true });
  assertStrictEquals(shield(task), task);
  await task;
});

Deno.test("cancelling the waiting task leaves the work alone", () =>
  virtually(async () => {
    const work = createTask(() => sleep(20, { result: "saved" }));
    const task = createTask(async () => await shield(work));
    await sleep(1);
    task.cancel("enough");
    await assertRejects(async () => await task, CancelledError, "enough");
    assertEquals([work.done, work.cancelling], [false, 0]);
    assertEquals(await work, "saved");
  }));

Deno.test("a timeout around a shield leaves the work alone", () =>
  virtually(async () => {
    const work = createTask(() => sleep(20, { result: "saved" }));
    await assertRejects(() => waitFor(shield(work), 10), TimeoutError);
    assertEquals(
      await moveOnAfter(5, async () => await shield(work)),
      undefined,
    );
    assertEquals(await work, "saved");
  }));

Deno.test("a cancel of the work cancels the shield, with its message", () =>
  virtually(async () => {
    const work = createTask(() => sleep(60_000));
    const outer = shield(work);
    getRunningLoop().callLater(5, () => work.cancel("the work"));
    await assertRejects(async () => await outer, CancelledError, "the work");
    assert(outer.cancelled);
    const future = new Future<void>();
    const shielded = shield(future);
    future.cancel("the future");
    await assertRejects(
      async () => await shielded,
      CancelledError,
      "the future",
    );
  }));

Deno.test("a gather over shields: cancelling it leaves the works alone", () =>
  virtually(async () => {
    const works = [
      createTask(() => sleep(5, { result: 1 })),
      createTask(() => sleep(6, { result: 2 })),
    ];
    const gathered = gather(works.map((work) => shield(work)));
    await sleep(1);
    gathered.cancel();
    await assertRejects(async () => await gathered, CancelledError);
    assertEquals(await gather(works), [1, 2]);
  }));

Deno.test("work that fails after it was abandoned is reported, once, however many shields there were", async () => {
  const reports = await reportsOf(async () => {
    const work = createTask(async () => {
      await sleep(1);
      throw new Error("boom");
    }, { name: "work" });
    for (let i = 0; i < 3; i++) shield(work).cancel();
    while (!work.done) await sleep(1);
  });
  assertEquals(reports.length, 1);
  const { message, error, task } = reports[0]!;
  assertEquals([message, (error as Error).message, task!.name], [
    "Exception in shielded future",
    "boom",
    "work",
  ]);
});

Deno.test("a promise that fails after it was abandoned is reported, once, however many shields there were", async () => {
  const reports = await reportsOf(async () => {
    const { promise, reject } = Promise.withResolvers<void>();
    for (let i = 0; i < 3; i++) shield(promise).cancel();
    reject(new Error("boom"));
    await turns();
  });
  assertEquals(
    reports.map(({ message, error }) => [message, (error as Error).message]),
    [["Exception in shielded future", "boom"]],
  );
});

Deno.test("a promise shielded on two loops: a shield that is given up on one leaves the other's", async () => {
  const { promise, resolve } = Promise.withResolvers<string>();
  const inner = run(async () => await shield(promise));
  const other = await run(() => shield(promise).cancel());
  assert(other);
  resolve("value");
  assertEquals(await inner, "value");
});

Deno.test("a thenable that has settled is asked again by the next shield", async () => {
  let calls = 0;
  const lazy: PromiseLike<number> = {
    then: (resolve) => Promise.resolve(++calls).then(resolve),
  };
  assertEquals([await shield(lazy), await shield(lazy)], [1, 2]);
});

Deno.test("work that fails after a shield was given up is reported, also if other code awaits it", async () => {
  const reports = await reportsOf(async () => {
    const work = new Future<void>();
    const awaited = assertRejects(async () => await work, Error, "boom");
    shield(work).cancel();
    work.setException(new Error("boom"));
    await awaited;
  });
  assertEquals(reports.length, 1);
});

Deno.test("work that is abandoned and succeeds, or is cancelled, says nothing", async () => {
  const reports = await reportsOf(async () => {
    const fine = createTask(() => sleep(1));
    const cancelled = createTask(() => sleep(60_000));
    for (const work of [fine, cancelled]) shield(work).cancel();
    cancelled.cancel();
    await fine;
  });
  assertEquals(reports, []);
});

Deno.test("an error that the shield handed on is the waiter's, and not reported twice", async () => {
  const reports = await reportsOf(async () => {
    await shield(() => Promise.reject(new Error("boom"))).catch(() => {});
    shield(() => Promise.reject(new Error("never retrieved")));
    await sleep(0);
  });
  assertEquals(reports.map(({ error }) => (error as Error).message), [
    "never retrieved",
  ]);
});

Deno.test("a shield does not protect from the end of the run", async () => {
  let ended = "";
  await run(() => {
    shield(async () => {
      await sleep(60_000).catch((error) => ended = error.name);
    });
    return sleep(0);
  });
  assertEquals(ended, "CancelledError");
});

Deno.test("end of the work and cancel in the same turn: the value is delivered, the cancel is delivered next", async () => {
  const future = new Future<string>();
  const seen: string[] = [];
  const task = createTask(async () => {
    seen.push(await shield(future));
    assertEquals(currentTask()!.cancelling, 1);
    await sleep(0);
    seen.push("not reached");
  });
  await turns();
  future.setResult("value");
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, ["value"]);
});

Deno.test("shield of something that cannot be awaited is a TypeError", () => {
  for (const bad of [1, null, undefined, {}] as never[]) {
    assertThrows(() => shield(bad), TypeError);
  }
});

Deno.test("a child fails while its sibling waits for a shield of it: the sibling is cancelled, and nothing breaks", async () => {
  const seen: string[] = [];
  const reports = await reportsOf(async () => {
    const { errors } = await assertRejects(() =>
      taskGroup((group) => {
        const failing = group.createTask(async () => {
          await sleep(1);
          throw new Error("boom");
        });
        group.createTask(async () => {
          try {
            await shield(failing);
          } catch (error) {
            seen.push((error as Error).name);
            throw error;
          }
        });
      }), AggregateError);
    seen.push(...errors.map((error: Error) => error.message));
  });
  assertEquals([seen, reports], [["CancelledError", "boom"], []]);
});

/** What hands the promise of a wait over to a future of its own. */
const handingOver: Record<
  string,
  (wait: Promise<number>) => Awaitable<number>
> = {
  "waitFor": (wait) => waitFor(wait, 1000),
  "two of waitFor": (wait) => waitFor(waitFor(wait, 1000), 2000),
  "a future": (wait) => ensureFuture(wait),
  "cancellable": (wait) => cancellable(wait),
  "gather": (wait) => gather([wait]).then(([value]) => value!),
  "a race": (wait) => race([waitFor(wait, 1000)]),
};

for (const [name, handOver] of Object.entries(handingOver)) {
  Deno.test(`a wait that was handed over to ${name} under a shield outlives a cancel of its task`, () =>
    virtually(async () => {
      const queue = new Queue<number>();
      const task = createTask(() => shield(handOver(queue.get())));
      await sleep(1);
      task.cancel();
      await assertRejects(() => task.then(), CancelledError);
      queue.putNowait(1);
      await sleep(1);
      assertEquals(queue.size, 0);
    }));
}
