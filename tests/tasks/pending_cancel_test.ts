/**
 * Several waits that are begun in one step while a cancel is pending.
 *
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import { Semaphore } from "@asyncio/asyncio/sync";
import {
  asCompleted,
  CancelledError,
  createTask,
  currentTask,
  gather,
  race,
  shielded,
  sleep,
  timeout,
  TimeoutError,
  wait,
} from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";

type Combine = (promises: Promise<unknown>[]) => PromiseLike<unknown>;

const COMBINE: Record<string, Combine> = {
  "wait": (promises) => wait(promises),
  "wait, FIRST_COMPLETED": (promises) =>
    wait(promises, { returnWhen: "FIRST_COMPLETED" }),
  "gather": (promises) => gather(promises),
  "asCompleted": (promises) =>
    asCompleted(promises)[Symbol.asyncIterator]().next(),
  "race": (promises) => race(promises),
  "Promise.all": (promises) => Promise.all(promises),
};

for (const [name, combine] of Object.entries(COMBINE)) {
  Deno.test(`${name}: while a cancel is pending none of its waits takes anything`, () =>
    virtually(async () => {
      const semaphore = new Semaphore(1);
      const queue = new Queue<number>();
      queue.putNowait(1);
      const task = createTask(async () => {
        currentTask()!.cancel("pending");
        await combine([new Queue().get(), semaphore.acquire(), queue.get()]);
      });
      await assertRejects(async () => await task, CancelledError, "pending");
      assertEquals([semaphore.value, queue.size], [1, 1]);
    }));
}

Deno.test("a pending cancel is not used up by a wait that no code awaits", () =>
  virtually(async () => {
    const queue = new Queue<number>();
    let reached = false;
    const task = createTask(async () => {
      currentTask()!.cancel("pending");
      queue.put(1).catch(() => {});
      await sleep(1);
      reached = true;
    });
    await assertRejects(async () => await task, CancelledError, "pending");
    assert(!reached);
    assertEquals(queue.size, 0);
  }));

Deno.test("code that has caught a pending cancel can wait", () =>
  virtually(async () => {
    const semaphore = new Semaphore(1);
    let cleanedUp = false;
    const task = createTask(async () => {
      currentTask()!.cancel("pending");
      try {
        await Promise.all([sleep(1), sleep(1)]);
      } finally {
        await semaphore.acquire();
        semaphore.release();
        await sleep(1);
        cleanedUp = true;
      }
    });
    await assertRejects(async () => await task, CancelledError, "pending");
    assert(cleanedUp);
  }));

Deno.test("a pending cancel that is taken back after it was delivered refuses no other wait", () =>
  virtually(async () => {
    const task = createTask(async () => {
      currentTask()!.cancel("pending");
      const refused = sleep(1);
      currentTask()!.uncancel();
      await sleep(1);
      await assertRejects(() => refused, CancelledError, "pending");
      return "done";
    });
    assertEquals(await task, "done");
  }));

Deno.test("a pending cancel refuses no wait in a shielded block begun in the same step", () =>
  virtually(async () => {
    let ended = false;
    const task = createTask(async () => {
      currentTask()!.cancel("pending");
      await Promise.allSettled([
        sleep(1),
        shielded(async () => {
          await sleep(1);
          ended = true;
        }),
      ]);
    });
    await task;
    assert(ended);
  }));

Deno.test("the cancel of a timeout refuses only waits inside it", () =>
  virtually(async () => {
    const semaphore = new Semaphore(1);
    let refused: Promise<void> | undefined;
    await assertRejects(() =>
      timeout(1, async (scope) => {
        await sleep(0.5);
        scope.reschedule(0);
        refused = sleep(1);
        await sleep(5);
      }), TimeoutError);
    await assertRejects(() => refused!, CancelledError);
    await semaphore.acquire();
    assertEquals(semaphore.value, 0);
  }));
