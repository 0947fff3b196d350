import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { Condition, Lock } from "@asyncio/asyncio/sync";
import {
  CancelledError,
  createTask,
  gather,
  sleep,
} from "@asyncio/asyncio/tasks";
import { Aborted, Attempt } from "../_helpers/attempt.ts";

/** Waits with the lock, and says whether it was held at the end. */
function waitHolding(condition: Condition): Attempt & { held?: boolean } {
  const attempt: Attempt & { held?: boolean } = new Attempt(async (options) => {
    using _ = await condition.acquire();
    try {
      return await condition.wait(options);
    } finally {
      attempt.held = condition.locked;
    }
  });
  return attempt;
}

Deno.test("waiting without the lock is an Error that says so", async () => {
  const condition = new Condition();
  await assertRejects(() => condition.wait(), Error, "not held");
  await assertRejects(() => condition.waitFor(() => false), Error, "not held");
});

Deno.test("notifying without the lock is an Error that says so", () => {
  const condition = new Condition();
  assertThrows(() => condition.notify(), Error, "not held");
  assertThrows(() => condition.notifyAll(), Error, "not held");
  assertThrows(() => condition.release(), Error, "not held");
});

Deno.test("a condition takes a Lock, and nothing else", () => {
  assertThrows(() => new Condition({} as Lock), TypeError, "Lock");
});

Deno.test("wait lets go of the lock, and has it again when it gives true", async () => {
  const condition = new Condition();
  const waiter = waitHolding(condition);
  await sleep(0);
  assertFalse(condition.locked);
  await condition.acquire();
  condition.notify();
  await sleep(0);
  assertEquals(waiter.outcome, "pending"); // the lock is still here
  condition.release();
  await waiter.task;
  assertEquals([waiter.value, waiter.held], [true, true]);
  assertFalse(condition.locked);
});

Deno.test("notify wakes so many, in order of arrival", async () => {
  const condition = new Condition();
  const waiters = [1, 2, 3, 4].map(() => waitHolding(condition));
  await condition.acquire();
  condition.notify(0);
  condition.notify();
  condition.notify(2);
  condition.release();
  await sleep(0);
  assertEquals(waiters.map((it) => it.outcome), [
    "value",
    "value",
    "value",
    "pending",
  ]);
  await condition.acquire();
  condition.notify(7);
  condition.release();
  await waiters[3]!.task;
});

Deno.test("notifyAll wakes all, and each has the lock in turn", async () => {
  const condition = new Condition();
  let inside = 0;
  const waiters = [1, 2, 3].map(() =>
    createTask(async () => {
      using _ = await condition.acquire();
      await condition.wait();
      assertEquals(++inside, 1);
      await sleep(0);
      inside--;
    }, { eager: true })
  );
  await condition.acquire();
  condition.notifyAll();
  condition.release();
  await gather(waiters);
});

Deno.test("a notification without a waiter is not kept", async () => {
  const condition = new Condition();
  await condition.acquire();
  condition.notify(5);
  condition.release();
  const waiter = waitHolding(condition);
  await sleep(0);
  assertEquals(waiter.outcome, "pending");
  waiter.cancel();
  await waiter.task;
});

Deno.test("those notified have the lock before newcomers", async () => {
  const condition = new Condition();
  const order: string[] = [];
  const waiter = createTask(async () => {
    using _ = await condition.acquire();
    await condition.wait();
    order.push("notified");
  }, { eager: true });
  await condition.acquire();
  condition.notify();
  const newcomer = condition.acquire();
  condition.release();
  using _ = await newcomer;
  order.push("newcomer");
  await waiter;
  assertEquals(order, ["notified", "newcomer"]);
});

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`a wait that ends by ${giveUp} holds the lock again`, async () => {
    const condition = new Condition();
    const waiter = waitHolding(condition);
    await sleep(0);
    waiter[giveUp]();
    await waiter.task;
    assertEquals(waiter.outcome, giveUp === "cancel" ? "cancelled" : "Aborted");
    assert(waiter.held);
    assertFalse(condition.locked);
  });

  Deno.test(`a wait that ends by ${giveUp} waits until it can have the lock`, async () => {
    const condition = new Condition();
    const waiter = waitHolding(condition);
    await condition.acquire();
    waiter[giveUp]();
    await sleep(0);
    assertEquals(waiter.outcome, "pending");
    assertEquals(
      Deno.inspect(condition),
      "Condition { locked: true, waiting: 0 }",
    );
    condition.release();
    await waiter.task;
    assert(waiter.held);
  });

  Deno.test(`${giveUp} before the notification in the same turn: it goes to the next`, async () => {
    const condition = new Condition();
    const first = waitHolding(condition);
    const second = waitHolding(condition);
    await condition.acquire();
    first[giveUp]();
    condition.notify();
    condition.release();
    await gather([first.task, second.task]);
    assertEquals(second.outcome, "value");
  });

  Deno.test(`${giveUp} after the notification in the same turn: the wait gives true`, async () => {
    const condition = new Condition();
    const first = waitHolding(condition);
    const second = waitHolding(condition);
    await condition.acquire();
    condition.notify();
    first[giveUp]();
    condition.release();
    await first.task.catch(() => {});
    assertEquals([first.outcome, second.outcome], ["value", "pending"]);
    second.cancel();
    await second.task;
  });
}

Deno.test("once notified, a cancel while it waits for the lock is delivered at the next wait", async () => {
  const condition = new Condition();
  let next: unknown;
  const task = createTask(async () => {
    using _ = await condition.acquire();
    assertEquals(await condition.wait(), true);
    assert(condition.locked);
    next = await sleep(0).catch((error) => error);
  }, { eager: true });
  await condition.acquire();
  condition.notify();
  task.cancel("late");
  await sleep(0);
  condition.release();
  await task;
  assert(next instanceof CancelledError);
});

Deno.test("a second cancel cannot take the lock from a wait that was cancelled", async () => {
  const condition = new Condition();
  let held: boolean | undefined;
  const task = createTask(async () => {
    using _ = await condition.acquire();
    try {
      await condition.wait();
    } finally {
      held = condition.locked;
    }
  }, { eager: true });
  await condition.acquire();
  task.cancel("first");
  await sleep(0);
  task.cancel("second");
  await sleep(0);
  condition.release();
  await assertRejects(async () => await task, CancelledError, "first");
  assert(held);
  assertFalse(condition.locked);
});

Deno.test("a guard is good for a block with waits in it", async () => {
  const condition = new Condition();
  const task = createTask(async () => {
    using _ = await condition.acquire();
    await condition.wait();
    await condition.wait();
  }, { eager: true });
  for (let i = 0; i < 2; i++) {
    using _ = await condition.acquire();
    condition.notify();
  }
  await task;
  assertFalse(condition.locked);
});

Deno.test("a guard disposed while its holder waits does not release another's hold", async () => {
  const condition = new Condition();
  const guard = await condition.acquire();
  const waiting = condition.wait();
  const other = await condition.acquire();
  guard[Symbol.dispose]();
  assert(condition.locked);
  condition.notify();
  other[Symbol.dispose]();
  await waiting;
  assert(condition.locked);
  guard[Symbol.dispose]();
  assertFalse(condition.locked);
});

Deno.test("two conditions share a lock", async () => {
  const lock = new Lock();
  const full = new Condition(lock);
  const empty = new Condition(lock);
  const waiter = waitHolding(full);
  const other = waitHolding(empty);
  await lock.acquire();
  assert(full.locked && empty.locked);
  empty.notifyAll();
  lock.release();
  await other.task;
  assertEquals(waiter.outcome, "pending");
  waiter.cancel();
  await waiter.task;
});

Deno.test("waitFor gives what the predicate gives, once that is truthy", async () => {
  const condition = new Condition();
  let stock = 0;
  let calls = 0;
  const waiter = createTask(async () => {
    using _ = await condition.acquire();
    return await condition.waitFor(() => {
      calls++;
      assert(condition.locked);
      return stock >= 3 && `${stock} in stock`;
    });
  }, { eager: true });
  for (stock = 1; stock <= 3; stock++) {
    const guard = await condition.acquire();
    condition.notify();
    guard[Symbol.dispose]();
    await sleep(0);
    if (stock === 3) break;
  }
  assertEquals(await waiter, "3 in stock");
  assertEquals(calls, 4);
});

Deno.test("waitFor needs no lock where the predicate is true at once", async () => {
  assertEquals(await new Condition().waitFor(() => 42), 42);
});

Deno.test("a predicate that throws ends waitFor with its error, and the lock is held", async () => {
  const condition = new Condition();
  await condition.acquire();
  const error = new RangeError("no");
  const thrown = await assertRejects(() =>
    condition.waitFor(() => {
      throw error;
    })
  );
  assertStrictEquals(thrown, error);
  assert(condition.locked);
});

Deno.test("a predicate that gives a promise is a TypeError", async () => {
  const condition = new Condition();
  await condition.acquire();
  await assertRejects(
    () => condition.waitFor(() => Promise.resolve(false)),
    TypeError,
    "promise",
  );
});

Deno.test("waitFor that is given up holds the lock again", async () => {
  const condition = new Condition();
  await condition.acquire();
  const controller = new AbortController();
  const waiting = condition.waitFor(() => false, { signal: controller.signal });
  assertFalse(condition.locked);
  controller.abort(new Aborted("enough"));
  await assertRejects(() => waiting, Aborted);
  assert(condition.locked);
});

Deno.test("a producer and consumers over a condition lose nothing when consumers are cancelled all the time", async () => {
  const condition = new Condition();
  const items: number[] = [];
  const taken: number[] = [];
  const consume = () =>
    createTask(async () => {
      using _ = await condition.acquire();
      await condition.waitFor(() => items.length > 0);
      taken.push(items.shift()!);
    });
  let consumers = [consume(), consume(), consume()];
  for (let i = 0; i < 500; i++) {
    using guard = await condition.acquire();
    items.push(i);
    condition.notify();
    consumers[i % 3]!.cancel();
    guard[Symbol.dispose]();
    await sleep(0);
    consumers = consumers.map((it) => it.done ? consume() : it);
  }
  while (items.length > 0) {
    using guard = await condition.acquire();
    condition.notifyAll();
    guard[Symbol.dispose]();
    await sleep(0);
    consumers = consumers.map((it) => it.done ? consume() : it);
  }
  for (const it of consumers) it.cancel();
  await gather(consumers, { returnExceptions: true });
  assertEquals(taken, Array.from({ length: 500 }, (_, i) => i));
});
