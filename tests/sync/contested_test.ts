import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { Barrier, BrokenBarrierError, Condition } from "@asyncio/asyncio/sync";
import {
  createTask,
  gather,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { Aborted } from "../_helpers/attempt.ts";

Deno.test("an abort while waitFor waits for the lock is thrown by its next round, with the lock held", async () => {
  const condition = new Condition();
  const controller = new AbortController();
  const { signal } = controller;
  const waiting = createTask(async () => {
    using _ = await condition.acquire();
    const error = await assertRejects(() =>
      condition.waitFor(() => false, { signal })
    );
    return [error, condition.locked];
  }, { eager: true });
  await sleep(0);
  const guard = await condition.acquire();
  condition.notify();
  const reason = new Aborted("late");
  controller.abort(reason);
  guard[Symbol.dispose]();
  assertEquals(await waiting, [reason, true]);
  assertFalse(condition.locked);
});

Deno.test("a timeout around a wait whose lock another one holds comes when the lock does", async () => {
  await run(async () => {
    const condition = new Condition();
    const waiting = createTask(async () => {
      using _ = await condition.acquire();
      await assertRejects(
        () => timeout(10, () => condition.wait()),
        TimeoutError,
      );
      return condition.locked;
    });
    await sleep(0);
    {
      using _ = await condition.acquire();
      await sleep(1000);
      assertFalse(waiting.done);
    }
    assertEquals(await waiting, true);
    assertFalse(condition.locked);
  }, { clock: new VirtualClock() });
});

Deno.test("parties broken by one of them come together at another barrier, and repair the first", async () => {
  const parties = 5;
  const first = new Barrier(parties);
  const second = new Barrier(parties);
  const seen = await gather(Array.from({ length: parties }, () => async () => {
    let outcome: string;
    try {
      if (await first.wait() === 2) {
        await first.abort();
        outcome = "aborted";
      } else {
        await first.wait();
        outcome = "passed";
      }
    } catch (error) {
      assert(error instanceof BrokenBarrierError);
      outcome = "broken";
    }
    if (await second.wait() === 2) await first.reset();
    await second.wait();
    await first.wait();
    return outcome;
  }));
  assertEquals(seen.toSorted(), [
    "aborted",
    "broken",
    "broken",
    "broken",
    "broken",
  ]);
  assertEquals([first.broken, first.waiting], [false, 0]);
});
