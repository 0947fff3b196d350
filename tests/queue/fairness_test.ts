import { assert } from "@std/assert";
import { Queue } from "@asyncio/asyncio/queue";
import { Lock } from "@asyncio/asyncio/sync";
import { createTask, gather } from "@asyncio/asyncio/tasks";

/**
 * Runs `work` in tasks, over and over, until a timer of the runtime fires, and
 * fails if none does.
 */
async function timersAreServed(
  ...work: (() => Promise<unknown>)[]
): Promise<void> {
  let served = false;
  let rounds = 0;
  const tasks = work.map((it) =>
    createTask(async () => {
      while (!served && rounds++ < 1_000_000) await it();
    })
  );
  const timer = setTimeout(() => {
    served = true;
    for (const task of tasks) task.cancel(); // one may wait for another
  });
  await gather(tasks, { returnExceptions: true });
  clearTimeout(timer);
  assert(served, "no timer was served");
}

Deno.test("two tasks that hand values to and fro let timers be served", async () => {
  const there = new Queue<number>();
  const back = new Queue<number>();
  await timersAreServed(
    async () => {
      there.putNowait(1);
      await back.get();
    },
    async () => {
      await there.get();
      back.putNowait(1);
    },
  );
});

Deno.test("a producer and a consumer at full speed let timers be served", async () => {
  const queue = new Queue<number>(100);
  await timersAreServed(() => queue.put(1), () => queue.get());
});

Deno.test("a loop over a queue that is never empty lets timers be served", async () => {
  const queue = new Queue<number>();
  const iterator = queue[Symbol.asyncIterator]();
  await timersAreServed(() => {
    queue.putNowait(1);
    return iterator.next();
  });
});

Deno.test("tasks that take turns with a lock let timers be served", async () => {
  const lock = new Lock();
  const turn = async () => {
    using _ = await lock.acquire();
    await null;
  };
  await timersAreServed(turn, turn, turn);
});

Deno.test("writing to a queue that always has room lets timers be served", async () => {
  const writer = new Queue<number>().writable.getWriter();
  await timersAreServed(() => writer.write(1));
});

Deno.test("a loop over a queue that is shut down lets timers be served", async () => {
  const queue = new Queue<number>();
  queue.shutdown();
  await timersAreServed(
    () => queue.get().catch(() => {}),
    () => queue.put(1).catch(() => {}),
  );
});
