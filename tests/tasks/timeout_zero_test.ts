import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  createTask,
  currentSignal,
  Future,
  moveOnAfter,
  sleep,
  timeout,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { Event, Lock } from "@asyncio/asyncio/sync";

for (const ms of [0, -1, -Infinity]) {
  Deno.test(`a timeout of ${ms} ms lets several waits through that do not have to wait`, async () => {
    const queue = new Queue<number>();
    queue.putNowait(1);
    queue.putNowait(2);
    const sum = await timeout(ms, async (scope) => {
      using _ = await new Lock().acquire();
      const items = await queue.get() + await queue.get();
      assertEquals(scope.expired, false);
      return items;
    });
    assertEquals(sum, 3);
  });
}

Deno.test("a timeout of 0 ms gives the result of a future that is done", async () => {
  const future = new Future<string>();
  future.setResult("there");
  assertEquals(await timeout(0, async () => await future), "there");
});

Deno.test("a timeout of 0 ms refuses a wait that would wait, and it leaves the line", async () => {
  const queue = new Queue<number>();
  await assertRejects(() => timeout(0, () => queue.get()), TimeoutError);
  queue.putNowait(1);
  assertEquals(queue.size, 1);
});

Deno.test("a timeout of 0 ms refuses a wait in a timeout inside it", async () => {
  const queue = new Queue<number>();
  const error = await assertRejects(
    () => timeout(0, () => timeout(60_000, () => queue.get())),
    TimeoutError,
  );
  assertEquals(error.message, "the time limit of 0 ms is over");
});

Deno.test("moveOnAfter(0) polls: an item, or undefined if there is none", async () => {
  const queue = new Queue<number>();
  queue.putNowait(1);
  assertEquals(await moveOnAfter(0, () => queue.get()), 1);
  assertEquals(await moveOnAfter(0, () => queue.get()), undefined);
});

Deno.test("waitFor with 0 gives the result of a promise that is settled", async () => {
  assertEquals(await waitFor(Promise.resolve("there"), 0), "there");
  const never = new Promise(() => {});
  await assertRejects(() => waitFor(never, 0), TimeoutError);
});

Deno.test("waitFor with 0 cancels a task that has not ended", async () => {
  const task = createTask(() => sleep(60_000));
  await assertRejects(() => waitFor(task, 0), TimeoutError);
  assert(task.cancelled);
});

Deno.test("after a foreign wait, the next wait in a timeout of 0 ms throws, though it would not have to wait", async () => {
  const isSet = new Event();
  isSet.set();
  await assertRejects(() =>
    timeout(0, async () => {
      const signal = currentSignal();
      while (!signal.aborted) {
        await new Promise((resolve) => setTimeout(resolve));
      }
      assert(currentSignal().aborted);
      await isSet.wait();
    }), TimeoutError);
});

Deno.test("moved to a time that is over, a timeout lets what is there be taken, once", async () => {
  const queue = new Queue<number>();
  queue.putNowait(1);
  await assertRejects(() =>
    timeout(60_000, async (scope) => {
      scope.reschedule(0);
      assertEquals(await queue.get(), 1);
      await queue.get();
    }), TimeoutError);
});

Deno.test("a timeout of 0 ms whose body never waits leaves no timer and no cancel behind", async () => {
  await timeout(0, () => {});
  await sleep(1);
});

for (
  const [name, wait] of Object.entries({
    timeout: () => timeout(5, () => sleep(60_000)),
    waitFor: () => waitFor(() => sleep(60_000), 5),
  })
) {
  Deno.test(`the error of ${name} tells the limit, and its stack leads to the line that waited`, async () => {
    async function theCaller(): Promise<void> {
      await wait();
    }
    const error = await assertRejects(theCaller, TimeoutError);
    assertEquals(error.message, "the time limit of 5 ms is over");
    assert(error.stack!.includes("theCaller"), error.stack);
  });
}
