import {
  assert,
  assertEquals,
  assertFalse,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { type Guard, Lock } from "@asyncio/asyncio/sync";
import {
  createTask,
  currentTask,
  gather,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

Deno.test("acquiring a free lock locks it, and releasing it frees it", async () => {
  const lock = new Lock();
  assertFalse(lock.locked);
  await lock.acquire();
  assert(lock.locked);
  lock.release();
  assertFalse(lock.locked);
});

Deno.test("releasing a lock that is not held is an Error that says so", () => {
  assertThrows(() => new Lock().release(), Error, "not held");
});

Deno.test("any code may release a lock", async () => {
  const lock = new Lock();
  await createTask(async () => void await lock.acquire());
  lock.release();
  assertFalse(lock.locked);
});

Deno.test("a lock is not re-entrant", async () => {
  const lock = new Lock();
  await lock.acquire();
  const again = new Attempt((options) => lock.acquire(options));
  await sleep(0);
  assertEquals(again.outcome, "pending");
  lock.release();
  await again.task;
  assert(lock.locked);
});

Deno.test("waiting calls get the lock in order of arrival", async () => {
  const lock = new Lock();
  const order: string[] = [];
  const work = (name: string) => async () => {
    using _ = await lock.acquire();
    order.push(`${name} in`);
    await sleep(0);
    order.push(`${name} out`);
  };
  await gather([work("a"), work("b"), work("c")]);
  assertEquals(order, ["a in", "a out", "b in", "b out", "c in", "c out"]);
});

Deno.test("a newcomer does not get the lock before one that waits, not even in the turn of the release", async () => {
  const lock = new Lock();
  const order: string[] = [];
  await lock.acquire();
  const waiter = new Attempt(async () => {
    await lock.acquire();
    order.push("waiter");
    lock.release();
  });
  lock.release();
  assert(lock.locked); // it is the waiter's already
  await lock.acquire();
  order.push("newcomer");
  await waiter.task;
  assertEquals(order, ["waiter", "newcomer"]);
});

Deno.test("a guard releases at the end of its block, also by an error", async () => {
  const lock = new Lock();
  const work = async () => {
    using _ = await lock.acquire();
    throw new RangeError("out of the block");
  };
  await work().catch(() => {});
  assertFalse(lock.locked);
});

Deno.test("disposing a guard twice releases once", async () => {
  const lock = new Lock();
  const guard = await lock.acquire();
  guard[Symbol.dispose]();
  await lock.acquire();
  guard[Symbol.dispose]();
  assert(lock.locked);
});

Deno.test("a guard does not end the next hold after the lock was released by hand", async () => {
  const lock = new Lock();
  const first = await lock.acquire();
  const second = lock.acquire();
  lock.release();
  first[Symbol.dispose]();
  assert(lock.locked);
  (await second)[Symbol.dispose]();
  assertFalse(lock.locked);
});

Deno.test("cancelling the first in line lets the second have the lock", async () => {
  const lock = new Lock();
  await lock.acquire();
  const a = new Attempt((options) => lock.acquire(options));
  const b = new Attempt((options) => lock.acquire(options));
  a.cancel();
  lock.release();
  await b.task;
  assertEquals([a.outcome, b.outcome], ["cancelled", "value"]);
});

Deno.test("a cancel after the hand-over leaves the lock with the one it was handed to", async () => {
  const lock = new Lock();
  await lock.acquire();
  const a = new Attempt((options) => lock.acquire(options));
  const b = new Attempt((options) => lock.acquire(options));
  lock.release();
  a.cancel();
  await a.task.catch(() => {});
  assertEquals([a.outcome, b.outcome], ["value", "pending"]);
  (a.value as Guard)[Symbol.dispose]();
  await b.task;
});

Deno.test("a task cancelled right after it was handed the lock releases it with `using`", async () => {
  const lock = new Lock();
  await lock.acquire();
  const task = createTask(async () => {
    using _ = await lock.acquire();
    await sleep(60_000);
  }, { eager: true });
  lock.release();
  task.cancel();
  await task.catch(() => {});
  assertFalse(lock.locked);
});

Deno.test("a lock shows its state", async () => {
  const lock = new Lock();
  const guard = await lock.acquire();
  const waiting = lock.acquire();
  assertEquals(Deno.inspect(lock), "Lock { locked: true, waiting: 1 }");
  assertEquals(Deno.inspect(guard), "LockGuard { held: true }");
  guard[Symbol.dispose]();
  assertEquals(Deno.inspect(guard), "LockGuard { held: false }");
  await waiting;
});

Deno.test("tryAcquire takes a free lock, and never waits for one that is held", () => {
  const lock = new Lock();
  const guard = lock.tryAcquire();
  assert(lock.locked);
  assertEquals(lock.tryAcquire(), undefined);
  guard!.release();
  assertFalse(lock.locked);
});

Deno.test("tryAcquire does not overtake one that was handed the lock a moment ago", async () => {
  const lock = new Lock();
  const guard = await lock.acquire();
  const waiter = new Attempt((options) => lock.acquire(options));
  guard.release();
  assertEquals(lock.tryAcquire(), undefined);
  await waiter.task;
  assertEquals(waiter.outcome, "value");
});

Deno.test("tryAcquire works in a task with a cancel pending, which the next wait gets", async () => {
  const lock = new Lock();
  const task = createTask(async () => {
    currentTask()!.cancel();
    using _ = lock.tryAcquire();
    assert(lock.locked);
    await sleep(0);
  });
  await task.catch(() => {});
  assert(task.cancelled);
  assertFalse(lock.locked);
});

Deno.test("releasing a guard twice, or after its block, releases once", async () => {
  const lock = new Lock();
  const guard = await lock.acquire();
  guard.release();
  await lock.acquire();
  guard.release();
  guard[Symbol.dispose]();
  assert(lock.locked);
});

Deno.test("in debug mode a lock taken by tryAcquire and not released is reported", async () => {
  const reports: string[] = [];
  await run(async () => {
    getRunningLoop().setExceptionHandler((_, { message }) => {
      reports.push(message);
    });
    await createTask(() => void new Lock().tryAcquire(), { name: "leaver" });
  }, { debug: true });
  assertEquals(reports.length, 1);
  assertStringIncludes(reports[0]!, 'task "leaver" has ended, and still holds');
});
