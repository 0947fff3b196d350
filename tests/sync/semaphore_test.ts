import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
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

  Deno.test(`${name}: a new call does not get the permit that a waiting one was handed`, async () => {
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

  Deno.test(`${name}: giving up takes no permit, and holds no other up`, async () => {
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

  Deno.test(`${name}: a guard gives back all the permits that it was given for`, async () => {
    const semaphore = new Class(5);
    const guard = await semaphore.acquire({ permits: 3 });
    assertEquals(semaphore.value, 2);
    guard.release();
    guard.release();
    assertEquals(semaphore.value, 5);
  });

  Deno.test(`${name}: a small acquire does not overtake a big one that waits`, async () => {
    const semaphore = new Class(3);
    const first = await semaphore.acquire({ permits: 2 });
    const big = new Attempt((options) =>
      semaphore.acquire({ ...options, permits: 3 })
    );
    const small = new Attempt((options) => semaphore.acquire(options));
    assertEquals([semaphore.value, semaphore.locked], [1, true]);
    assertEquals(semaphore.tryAcquire(), undefined);
    first.release();
    await big.task;
    assertEquals([big.outcome, small.outcome], ["value", "pending"]);
    (big.value as Guard).release();
    await small.task;
    assertEquals(semaphore.value, 2);
  });

  for (const giveUp of ["cancel", "abort"] as const) {
    Deno.test(`${name}: after the ${giveUp} of a big one at the head, those behind it that fit are let in at once`, async () => {
      const semaphore = new Class(3);
      await semaphore.acquire();
      const big = new Attempt((options) =>
        semaphore.acquire({ ...options, permits: 3 })
      );
      const behind = [1, 1, 1].map((permits) =>
        new Attempt((options) => semaphore.acquire({ ...options, permits }))
      );
      big[giveUp]();
      assertEquals(semaphore.value, 0);
      await sleep(0);
      assertEquals(behind.map((it) => it.outcome), [
        "value",
        "value",
        "pending",
      ]);
      behind[2]!.cancel();
    });
  }

  Deno.test(`${name}: a release brings a big one nearer, and lets it in when all its permits are there`, async () => {
    const semaphore = new Class(2);
    await semaphore.acquire();
    await semaphore.acquire();
    const big = new Attempt((options) =>
      semaphore.acquire({ ...options, permits: 2 })
    );
    semaphore.release();
    assertEquals(semaphore.value, 1);
    await sleep(0);
    assertEquals(big.outcome, "pending");
    semaphore.release();
    await big.task;
    assertEquals(semaphore.value, 0);
  });

  Deno.test(`${name}: permits that are no whole number from 1 are a RangeError, and nothing is taken`, async () => {
    const semaphore = new Class(2);
    for (const permits of [0, -1, 1.5, NaN, Infinity]) {
      await assertRejects(
        () => semaphore.acquire({ permits }),
        RangeError,
        "permits",
      );
      assertThrows(() => semaphore.tryAcquire(permits), RangeError, "permits");
    }
    assertEquals(semaphore.value, 2);
  });

  Deno.test(`${name}: tryAcquire takes several permits or none`, () => {
    const semaphore = new Class(3);
    assertEquals(semaphore.tryAcquire(4), undefined);
    semaphore.tryAcquire(2);
    assertEquals(semaphore.tryAcquire(2), undefined);
    assertEquals(semaphore.value, 1);
  });

  Deno.test(`${name}: resizing to more lets waiting calls in`, async () => {
    const semaphore = new Class(1);
    await semaphore.acquire();
    const attempts = [1, 2, 3].map(() =>
      new Attempt((options) => semaphore.acquire(options))
    );
    semaphore.resize(3);
    await sleep(0);
    assertEquals(attempts.map((it) => it.outcome), [
      "value",
      "value",
      "pending",
    ]);
    attempts[2]!.cancel();
  });

  Deno.test(`${name}: resizing to fewer takes nothing away, and waits until enough have been given back`, async () => {
    const semaphore = new Class(3);
    const guards = [await semaphore.acquire(), await semaphore.acquire()];
    semaphore.resize(1);
    assertEquals(semaphore.value, 0);
    guards[0]!.release();
    assertEquals([semaphore.value, semaphore.locked], [0, true]);
    guards[1]!.release();
    assertEquals([semaphore.value, semaphore.locked], [1, false]);
  });

  Deno.test(`${name}: there are as many permits as it was resized to when all are given back`, async () => {
    const semaphore = new Class(2);
    const guard = await semaphore.acquire({ permits: 2 });
    for (const size of [0, 7, 4]) semaphore.resize(size);
    guard.release();
    assertEquals(semaphore.value, 4);
  });

  Deno.test(`${name}: resizing to what is no number of permits is a RangeError, and changes nothing`, () => {
    const semaphore = new Class(2);
    for (const value of [-1, 0.5, NaN, "3" as unknown as number]) {
      assertThrows(() => semaphore.resize(value), RangeError, "permits");
    }
    assertEquals(semaphore.value, 2);
  });

  Deno.test(`${name}: 100 000 that wait are let in by one resize`, async () => {
    const semaphore = new Class(0);
    const waits = Array.from({ length: 100_000 }, () => semaphore.acquire());
    semaphore.resize(100_000);
    await Promise.all(waits);
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

Deno.test("a guard that gives more back than is still taken lets a semaphore grow", async () => {
  const semaphore = new Semaphore(3);
  const guard = await semaphore.acquire({ permits: 3 });
  semaphore.release();
  semaphore.release();
  guard.release();
  assertEquals(semaphore.value, 5);
});

Deno.test("a bounded semaphore does not grow: the release too many is a RangeError", async () => {
  const semaphore = new BoundedSemaphore(1);
  await semaphore.acquire();
  semaphore.release();
  assertThrows(() => semaphore.release(), RangeError, "all free");
  assertEquals(semaphore.value, 1);
  assertFalse(semaphore.locked);
});

Deno.test("resizing a bounded semaphore moves its bound", async () => {
  const semaphore = new BoundedSemaphore(1);
  semaphore.resize(2);
  const guard = await semaphore.acquire({ permits: 2 });
  guard.release();
  assertThrows(() => semaphore.release(), RangeError, "all free");
  semaphore.resize(1);
  assertThrows(() => semaphore.release(), RangeError, "all free");
  assertEquals(semaphore.value, 1);
});

Deno.test("a bounded semaphore that was made smaller takes back all that is out", async () => {
  const semaphore = new BoundedSemaphore(3);
  await semaphore.acquire({ permits: 3 });
  semaphore.resize(1);
  for (let i = 0; i < 3; i++) semaphore.release();
  assertThrows(() => semaphore.release(), RangeError);
  assertEquals(semaphore.value, 1);
});
