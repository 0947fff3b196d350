import { assert, assertEquals, assertFalse, assertThrows } from "@std/assert";
import { BoundedSemaphore, type Guard, Semaphore } from "@asyncio/asyncio/sync";
import { gather, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

for (const Class of [Semaphore, BoundedSemaphore]) {
  const { name } = Class;

  Deno.test(`${name}: has one permit unless told otherwise`, async () => {
    const semaphore = new Class();
    assertEquals(semaphore.value, 1);
    await semaphore.acquire();
    assertEquals([semaphore.value, semaphore.locked], [0, true]);
  });

  Deno.test(`${name}: a value below 0, or no integer, is a RangeError`, () => {
    for (const value of [-1, 1.5, NaN, Infinity, "2" as unknown as number]) {
      assertThrows(() => new Class(value), RangeError, "permits");
    }
  });

  Deno.test(`${name}: so many at a time, and no more`, async () => {
    const semaphore = new Class(3);
    let running = 0;
    let most = 0;
    await gather(Array.from({ length: 20 }, () => async () => {
      using _ = await semaphore.acquire();
      most = Math.max(most, ++running);
      await sleep(0);
      running--;
    }));
    assertEquals([most, semaphore.value], [3, 3]);
  });

  Deno.test(`${name}: permits are handed over in order of arrival`, async () => {
    const semaphore = new Class(2);
    const order: number[] = [];
    await gather(Array.from({ length: 8 }, (_, i) => async () => {
      using _ = await semaphore.acquire();
      order.push(i);
      await sleep(0);
    }));
    assertEquals(order, [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  Deno.test(`${name}: a newcomer does not get the permit that one who waits was handed`, async () => {
    const semaphore = new Class(1);
    await semaphore.acquire();
    const waiter = new Attempt((options) => semaphore.acquire(options));
    semaphore.release();
    assert(semaphore.locked);
    assertEquals(semaphore.tryAcquire(), undefined);
    const newcomer = new Attempt((options) => semaphore.acquire(options));
    await waiter.task;
    assertEquals([waiter.outcome, newcomer.outcome], ["value", "pending"]);
    semaphore.release();
    await newcomer.task;
  });

  Deno.test(`${name}: tryAcquire takes a permit, or gives undefined`, () => {
    const semaphore = new Class(1);
    const guard = semaphore.tryAcquire();
    assertEquals(semaphore.tryAcquire(), undefined);
    guard![Symbol.dispose]();
    assertEquals(semaphore.value, 1);
  });

  Deno.test(`${name}: disposing a guard twice gives one permit back`, async () => {
    const semaphore = new Class(2);
    await semaphore.acquire();
    const guard = await semaphore.acquire();
    guard[Symbol.dispose]();
    guard[Symbol.dispose]();
    assertEquals(semaphore.value, 1);
  });

  Deno.test(`${name}: giving up takes no permit, and holds nobody up`, async () => {
    const semaphore = new Class(1);
    await semaphore.acquire();
    const a = new Attempt((options) => semaphore.acquire(options));
    const b = new Attempt((options) => semaphore.acquire(options));
    const c = new Attempt((options) => semaphore.acquire(options));
    a.cancel();
    b.abort();
    semaphore.release();
    await gather([a.task, b.task, c.task]);
    assertEquals([a.outcome, b.outcome, c.outcome], [
      "cancelled",
      "Aborted",
      "value",
    ]);
    assertEquals(semaphore.value, 0);
  });

  Deno.test(`${name}: several releases in one turn reach as many that wait, though one of them gives up`, async () => {
    const semaphore = new Class(2);
    await semaphore.acquire();
    await semaphore.acquire();
    const attempts = [1, 2, 3].map(() =>
      new Attempt((options) => semaphore.acquire(options))
    );
    semaphore.release();
    attempts[0]!.cancel(); // it has its permit already
    semaphore.release();
    await sleep(0);
    assertEquals(attempts.map((it) => it.outcome), [
      "value",
      "value",
      "pending",
    ]);
    (attempts[0]!.value as Guard)[Symbol.dispose]();
    await attempts[2]!.task;
    assertEquals(semaphore.value, 0);
  });

  Deno.test(`${name}: shows its state`, async () => {
    const semaphore = new Class(1);
    await semaphore.acquire();
    const waiting = semaphore.acquire();
    assertEquals(Deno.inspect(semaphore), `${name} { value: 0, waiting: 1 }`);
    semaphore.release();
    await waiting;
  });
}

Deno.test("a semaphore can start without permits, and grow", async () => {
  const semaphore = new Semaphore(0);
  const attempt = new Attempt((options) => semaphore.acquire(options));
  semaphore.release();
  semaphore.release();
  await attempt.task;
  assertEquals(semaphore.value, 1);
});

Deno.test("a bounded semaphore does not grow: the release too many is a RangeError", async () => {
  const semaphore = new BoundedSemaphore(1);
  await semaphore.acquire();
  semaphore.release();
  assertThrows(() => semaphore.release(), RangeError, "all free");
  assertEquals(semaphore.value, 1);
  assertFalse(semaphore.locked);
});
