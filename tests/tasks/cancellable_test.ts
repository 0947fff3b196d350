import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import {
  cancellable,
  CancelledError,
  createTask,
  currentTask,
  moveOnAfter,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { virtually } from "../_helpers/virtually.ts";
import { turns } from "../_helpers/turns.ts";

const forever = () => new Promise<never>(() => {});

Deno.test("cancellable gives what the promise gives", async () => {
  const error = new Error("boom");
  assertEquals(await cancellable(Promise.resolve(1)), 1);
  assertEquals(await cancellable(() => Promise.resolve(2)), 2);
  assertEquals(
    await cancellable({ then: (...args) => Promise.resolve(3).then(...args) }),
    3,
  );
  assertStrictEquals(
    await assertRejects(() => cancellable(Promise.reject(error))),
    error,
  );
  assertStrictEquals(
    await assertRejects(() => cancellable(() => Promise.reject(error))),
    error,
  );
});

Deno.test("a cancel rejects at once, and a late rejection of the promise stays silent", async () => {
  let reject!: (error: Error) => void;
  const foreign = new Promise<void>((_, it) => reject = it);
  const task = createTask(() => cancellable(foreign));
  await turns();
  task.cancel("enough");
  await assertRejects(async () => await task, CancelledError, "enough");
  reject(new Error("late"));
  await turns();
});

Deno.test("a timeout makes the foreign promise give way", async () => {
  await assertRejects(
    () => timeout(1, () => cancellable(forever())),
    TimeoutError,
  );
  assertEquals(await moveOnAfter(1, () => cancellable(forever)), undefined);
});

Deno.test("a cancel aborts the signal of the function, with the CancelledError", async () => {
  let signal!: AbortSignal;
  let rejected = false;
  const task = createTask(() =>
    cancellable((it) => {
      signal = it;
      return new Promise<void>((_, reject) => {
        it.addEventListener("abort", () => {
          rejected = true;
          reject(new Error("the foreign work's own"));
        });
      });
    })
  );
  await turns();
  assertEquals(signal.aborted, false);
  task.cancel("enough");
  const error = await assertRejects(
    async () => await task,
    CancelledError,
    "enough",
  );
  assertStrictEquals(signal.reason, error);
  assert(rejected);
});

Deno.test("the signal of a function whose promise has ended does not abort any more", async () => {
  let signal!: AbortSignal;
  const task = createTask(async () => {
    await cancellable((it) => {
      signal = it;
      return Promise.resolve();
    });
    await sleep(60_000);
  });
  await turns();
  task.cancel();
  await turns();
  assertEquals([task.cancelled, signal.aborted], [true, false]);
});

Deno.test("with a cancel undelivered, the function is not called", async () => {
  let called = false;
  const task = createTask(() => {
    currentTask()!.cancel();
    return cancellable(() => {
      called = true;
      return forever();
    });
  });
  await assertRejects(async () => await task, CancelledError);
  assertEquals(called, false);
});

Deno.test("a function that throws, or gives no promise, leaves no wait behind", async () => {
  const task = createTask(async () => {
    await cancellable(() => {
      throw new Error("boom");
    }).catch(() => {});
    await cancellable((() => 1) as never).catch(() => {});
    await forever();
  });
  await turns();
  assertEquals(Deno.inspect(task).includes("cancellable"), false);
});

Deno.test("the promise's end and a cancel in the same turn: the value is delivered", async () => {
  const seen: unknown[] = [];
  let resolve!: (value: string) => void;
  const foreign = new Promise<string>((it) => resolve = it);
  const task = createTask(async () => {
    seen.push(await cancellable(foreign));
    await sleep(0);
    seen.push("not reached");
  });
  await turns();
  resolve("value");
  await foreign;
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, ["value"]);
});

Deno.test("a wait of another task that was woken and not resumed, and a cancel: the value is delivered", async () => {
  const queue = new Queue<number>();
  const items = Array.from({ length: 2000 }, () => queue.get());
  const seen: number[] = [];
  const task = createTask(async () => {
    seen.push(await cancellable(items.at(-1)!));
  });
  await turns();
  for (let i = 0; i < items.length; i++) queue.putNowait(i);
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, [1999]);
  await Promise.all(items);
});

Deno.test("cancellable of a task cancels that task too", async () => {
  const inner = createTask(() => sleep(60_000));
  const task = createTask(() => cancellable(inner));
  await turns();
  task.cancel();
  await assertRejects(async () => await task, CancelledError);
  await turns();
  assert(inner.cancelled);
});

Deno.test("a promise that is given up again and again keeps nothing of it", async () => {
  const foreign = forever();
  let reactions = 0;
  const { then } = foreign;
  foreign.then = (...args: unknown[]) => {
    reactions++;
    return then.apply(foreign, args as never) as never;
  };
  for (let i = 0; i < 20; i++) await moveOnAfter(0, () => cancellable(foreign));
  for (let i = 0; i < 20; i++) {
    const task = createTask(() => cancellable(foreign));
    await sleep(0);
    task.cancel();
    await sleep(0);
  }
  assert(reactions <= 1, `${reactions} reactions`);
});

Deno.test("cancellable of something else rejects with a TypeError", async () => {
  for (const bad of [1, null, undefined, {}] as never[]) {
    await assertRejects(() => cancellable(bad), TypeError);
  }
});

Deno.test("a floating cancellable that is cancelled is no unhandled rejection", async () => {
  const task = createTask(async () => {
    cancellable(forever());
    cancellable(forever);
    await sleep(60_000);
  });
  await turns();
  task.cancel();
  await turns();
  assert(task.cancelled);
});

Deno.test("a function that cancels its own task is given up at once", async () => {
  let signal: AbortSignal | undefined;
  const task = createTask(() =>
    cancellable((given) => {
      signal = given;
      currentTask()!.cancel("enough");
      return forever();
    })
  );
  await assertRejects(async () => await task, CancelledError, "enough");
  assert(signal!.aborted);
});

Deno.test("a function that cancels its own task, and gives a promise that rejects, is no unhandled rejection", async () => {
  const task = createTask(() =>
    cancellable(() => {
      currentTask()!.cancel("enough");
      return Promise.reject(new Error("late"));
    })
  );
  await assertRejects(async () => await task, CancelledError, "enough");
});

Deno.test("a thenable whose then throws is a rejection, whenever it throws", async () => {
  for (const most of [0, 1, 2, 3]) {
    let reads = 0;
    const thenable = Object.defineProperty({}, "then", {
      get() {
        if (reads++ >= most) throw new Error("no then");
        return (resolve: (value: number) => void) => resolve(1);
      },
    }) as PromiseLike<number>;
    await virtually(async () => {
      const promise = cancellable(thenable);
      if (most < 3) await assertRejects(() => promise, Error, "no then");
      else assertEquals(await promise, 1);
      await sleep(1000); // nothing outside is waited for any more
    });
  }
});
