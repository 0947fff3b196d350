import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueFullError,
  QueueShutDownError,
} from "@asyncio/asyncio/queue";
import { createTask, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { reportsOf } from "../_helpers/reports.ts";

/** Holds two items, and notes what it drops. */
function dropping(overflow: "dropOldest" | "dropNewest"): {
  queue: Queue<number>;
  dropped: number[];
} {
  const dropped: number[] = [];
  const onDrop = (item: number) => void dropped.push(item);
  return { queue: new Queue({ maxSize: 2, overflow, onDrop }), dropped };
}

async function drain(queue: Queue<number>): Promise<number[]> {
  queue.shutdown();
  return await Array.fromAsync(queue);
}

Deno.test("a queue made from options is the one made from the number", async () => {
  for (const queue of [new Queue({ maxSize: 1 }), new Queue(1)]) {
    assertEquals([queue.maxSize, queue.full], [1, false]);
    await queue.put(1);
    assertThrows(() => queue.putNowait(2), QueueFullError);
    const putter = new Attempt((options) => queue.put(2, options));
    await sleep(0);
    assertEquals(putter.outcome, "pending");
    await queue.get();
    await putter.task;
  }
  assertEquals([new Queue({}).maxSize, new Queue().maxSize], [0, 0]);
});

Deno.test("dropOldest: a full queue drops the item that would leave next, and no put waits", async () => {
  const { queue, dropped } = dropping("dropOldest");
  for (const item of [1, 2, 3]) await queue.put(item);
  queue.putNowait(4);
  assertEquals([queue.full, queue.size, dropped], [true, 2, [1, 2]]);
  assertEquals(await drain(queue), [3, 4]);
});

Deno.test("dropNewest: a full queue drops the item that is put, and no put waits", async () => {
  const { queue, dropped } = dropping("dropNewest");
  for (const item of [1, 2, 3]) await queue.put(item);
  queue.putNowait(4);
  assertEquals([queue.full, queue.size, dropped], [true, 2, [3, 4]]);
  assertEquals(await drain(queue), [1, 2]);
});

for (const overflow of ["dropOldest", "dropNewest"] as const) {
  Deno.test(`${overflow}: what is dropped counts as done`, async () => {
    const { queue } = dropping(overflow);
    for (const item of [1, 2, 3, 4]) queue.putNowait(item);
    const joiner = new Attempt((options) => queue.join(options));
    for (let i = 0; i < 2; i++) {
      assertEquals(joiner.outcome, "pending");
      await queue.get();
      queue.taskDone();
    }
    await joiner.task;
    assertThrows(() => queue.taskDone(), RangeError);
  });

  Deno.test(`${overflow}: an item for one that waits is not dropped`, async () => {
    const { queue, dropped } = dropping(overflow);
    const getters = [1, 2, 3].map(() => queue.get());
    for (const item of [1, 2, 3]) queue.putNowait(item);
    assertEquals(await Promise.all(getters), [1, 2, 3]);
    assertEquals(dropped, []);
  });

  Deno.test(`${overflow}: without a bound nothing is dropped`, () => {
    const queue = new Queue<number>({ overflow });
    for (let i = 0; i < 1000; i++) queue.putNowait(i);
    assertEquals(queue.size, 1000);
  });

  Deno.test(`${overflow}: a queue that is shut down refuses, and drops nothing`, async () => {
    const { queue, dropped } = dropping(overflow);
    for (const item of [1, 2]) queue.putNowait(item);
    queue.shutdown();
    const error = await assertRejects(() => queue.put(3), QueueShutDownError);
    assertEquals([error.item, dropped, queue.size], [3, [], 2]);
  });

  Deno.test(`${overflow}: a put with a cancel pending puts and drops nothing`, async () => {
    const { queue, dropped } = dropping(overflow);
    for (const item of [1, 2]) queue.putNowait(item);
    const task = createTask(() => queue.put(3), { eager: false });
    task.cancel();
    await task.catch(() => {});
    assertEquals([dropped, await drain(queue)], [[], [1, 2]]);
  });

  Deno.test(`${overflow}: writing to the queue's stream never waits`, async () => {
    const { queue, dropped } = dropping(overflow);
    await ReadableStream.from([1, 2, 3, 4]).pipeTo(queue.writable);
    assertEquals(dropped.length, 2);
    assertEquals((await Array.fromAsync(queue)).length, 2);
  });

  Deno.test(`${overflow}: an async onDrop that rejects is reported`, async () => {
    const reports = await reportsOf(async () => {
      const queue = new Queue<number>({
        maxSize: 1,
        overflow,
        onDrop: async (item) => {
          await sleep(0);
          throw new RangeError(`dropped ${item}`);
        },
      });
      queue.putNowait(1);
      queue.putNowait(2);
      queue.shutdown(true);
      await sleep(1);
    });
    assertEquals(reports.length, 2);
  });

  Deno.test(`${overflow}: an onDrop that throws is reported, and the put has happened`, async () => {
    const reports = await reportsOf(async () => {
      const queue = new Queue<number>({
        maxSize: 1,
        overflow,
        onDrop: (item) => {
          throw new RangeError(`dropped ${item}`);
        },
      });
      await queue.put(1);
      await queue.put(2);
      queue.putNowait(3);
      assertEquals(queue.size, 1);
    });
    const errors = reports.map((it) => (it.error as Error).message);
    assertEquals(
      errors,
      overflow === "dropOldest"
        ? ["dropped 1", "dropped 2"]
        : ["dropped 2", "dropped 3"],
    );
  });
}

Deno.test("an onDrop may put and get: the queue is whole when it is called", async () => {
  const second = new Queue<number>();
  const first: Queue<number> = new Queue({
    maxSize: 1,
    overflow: "dropOldest",
    onDrop: (item) => {
      second.putNowait(item);
      assertEquals(first.size, 1);
    },
  });
  for (const item of [1, 2, 3]) first.putNowait(item);
  assertEquals(await drain(second), [1, 2]);
});

Deno.test("an immediate shutdown tells onDrop of all that it drops", async () => {
  const { queue, dropped } = dropping("dropNewest");
  for (const item of [1, 2]) await queue.put(item);
  queue.shutdown({ immediate: true });
  queue.shutdown({ immediate: true });
  assertEquals(dropped, [1, 2]);
  const all = dropping("dropOldest");
  {
    await using queue = all.queue;
    await queue.put(1);
  }
  assertEquals(all.dropped, [1]);
});

Deno.test("options that a queue can't have are refused", () => {
  const make = (options: unknown) => () => new Queue(options as number);
  for (
    const options of [
      null,
      "2",
      { maxSize: "2" },
      { maxSize: null },
      { overflow: "fail" },
      { overflow: true },
      { onDrop: 1 },
    ]
  ) assertThrows(make(options), TypeError);
  for (const options of [NaN, { maxSize: NaN }]) {
    assertThrows(make(options), RangeError);
  }
});

Deno.test("options in place of the number are for Queue alone", () => {
  const options = { maxSize: 1 } as unknown as number;
  assertThrows(() => new LifoQueue(options), TypeError);
  assertThrows(() => new PriorityQueue(options), TypeError);
});
