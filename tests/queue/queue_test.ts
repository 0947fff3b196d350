import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertThrows,
} from "@std/assert";
import {
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueEmptyError,
  QueueFullError,
} from "@asyncio/asyncio/queue";
import { createTask, gather, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

Deno.test("items leave in the order in which they came", async () => {
  const queue = new Queue<number>();
  for (const item of [3, 1, 2]) await queue.put(item);
  assertEquals([await queue.get(), queue.getNowait(), await queue.get()], [
    3,
    1,
    2,
  ]);
});

Deno.test("size, empty and full say what is in it", () => {
  const queue = new Queue<number>(2);
  assertEquals([queue.size, queue.empty, queue.full], [0, true, false]);
  queue.putNowait(1);
  assertEquals([queue.size, queue.empty, queue.full], [1, false, false]);
  queue.putNowait(2);
  assertEquals([queue.size, queue.empty, queue.full], [2, false, true]);
});

Deno.test("a size of 0 or less is no bound", () => {
  for (const maxSize of [undefined, 0, -1, -Infinity]) {
    const queue = new Queue<number>(maxSize);
    for (let i = 0; i < 100; i++) queue.putNowait(i);
    assertFalse(queue.full);
    assertEquals(queue.maxSize, maxSize ?? 0);
  }
});

Deno.test("a fractional size is full at the next whole number", () => {
  const queue = new Queue<number>(1.5);
  queue.putNowait(1);
  queue.putNowait(2);
  assert(queue.full);
});

Deno.test("a size of NaN is a RangeError, one that is no number a TypeError", () => {
  for (const Class of [Queue, LifoQueue, PriorityQueue]) {
    assertThrows(() => new Class(NaN), RangeError, "NaN");
    assertThrows(() => new Class("1" as unknown as number), TypeError, '"1"');
  }
});

Deno.test("putNowait into a full queue is a QueueFullError, and nothing is put", () => {
  const queue = new Queue<number>(1);
  queue.putNowait(1);
  const error = assertThrows(() => queue.putNowait(2), QueueFullError);
  assertEquals(error.name, "QueueFullError");
  assertEquals(queue.size, 1);
});

Deno.test("getNowait from an empty queue is a QueueEmptyError", () => {
  const error = assertThrows(() => new Queue().getNowait(), QueueEmptyError);
  assertEquals(error.name, "QueueEmptyError");
});

Deno.test("get and put that need not wait let no other come in between", async () => {
  const queue = new Queue<number>(1);
  let turned = false;
  setTimeout(() => turned = true);
  await queue.put(1);
  await queue.get();
  assertFalse(turned);
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("undefined and null are items like any other", async () => {
  const queue = new Queue<undefined | null>();
  const getting = queue.get();
  queue.putNowait(undefined);
  queue.putNowait(null);
  queue.putNowait(undefined);
  assertEquals(await getting, undefined);
  assertEquals([await queue.get(), queue.getNowait()], [null, undefined]);
});

Deno.test("an item with a `then` is a TypeError, and nothing changes", async () => {
  const queue = new Queue<unknown>(1);
  const items = [Promise.resolve(1), { then() {} }, createTask(() => 1)];
  for (const item of items) {
    await assertRejects(() => queue.put(item), TypeError, "then");
    assertThrows(() => queue.putNowait(item), TypeError, "then");
  }
  assertEquals(queue.size, 0);
  await queue.join();
  await queue.put({ wrapped: items[0] });
});

Deno.test("put waits while the queue is full, get while it is empty", async () => {
  const queue = new Queue<number>(1);
  const get = new Attempt((options) => queue.get(options));
  await sleep(0);
  assertEquals(get.outcome, "pending");
  await queue.put(1);
  await queue.put(2);
  assertEquals(get.value, 1);
  const put = new Attempt((options) => queue.put(3, options));
  await sleep(0);
  assertEquals(put.outcome, "pending");
  assertEquals(await queue.get(), 2);
  assertEquals(put.outcome, "value");
  assertEquals(await queue.get(), 3);
});

for (const Class of [Queue, LifoQueue, PriorityQueue]) {
  const { name } = Class;

  Deno.test(`${name}: an item goes straight to the first that waits, and never is in the queue`, async () => {
    const queue = new Class<number>();
    const first = new Attempt((options) => queue.get(options));
    const second = new Attempt((options) => queue.get(options));
    queue.putNowait(1);
    assertEquals(queue.size, 0);
    assertThrows(() => queue.getNowait(), QueueEmptyError);
    queue.putNowait(2);
    await gather([first.task, second.task]);
    assertEquals([first.value, second.value], [1, 2]);
  });

  Deno.test(`${name}: a get makes room, and the first that waits to put has it at once`, async () => {
    const queue = new Class<number>(1);
    queue.putNowait(1);
    const first = new Attempt((options) => queue.put(2, options));
    const second = new Attempt((options) => queue.put(3, options));
    assertEquals(queue.getNowait(), 1);
    assert(queue.full);
    assertThrows(() => queue.putNowait(4), QueueFullError);
    await first.task;
    assertEquals(second.outcome, "pending");
    assertEquals([await queue.get(), await queue.get()], [2, 3]);
    await second.task;
  });

  Deno.test(`${name}: a get that is given up takes nothing, also right before the put`, async () => {
    const queue = new Class<number>();
    const first = new Attempt((options) => queue.get(options));
    const second = new Attempt((options) => queue.get(options));
    first.cancel();
    queue.putNowait(1);
    second.cancel();
    await first.task;
    await second.task.catch(() => {});
    assertEquals([first.outcome, second.value], ["cancelled", 1]);
    assertEquals(queue.size, 0);
  });

  Deno.test(`${name}: a put that is given up puts nothing, also right before the get`, async () => {
    const queue = new Class<number>(1);
    queue.putNowait(1);
    const first = new Attempt((options) => queue.put(2, options));
    const second = new Attempt((options) => queue.put(3, options));
    first.abort();
    assertEquals(await queue.get(), 1);
    second.abort(); // it is in already
    await gather([first.task, second.task]);
    assertEquals([first.outcome, second.outcome], ["Aborted", "value"]);
    assertEquals([queue.getNowait(), queue.size], [3, 0]);
  });

  Deno.test(`${name}: what a task was handed before its cancel can be put back by it`, async () => {
    const queue = new Class<number>();
    const task = createTask(async () => {
      const item = await queue.get();
      try {
        await sleep(60_000);
      } catch {
        queue.putNowait(item);
      }
    }, { eager: true });
    queue.putNowait(7);
    task.cancel();
    await task;
    assertEquals(queue.getNowait(), 7);
  });

  Deno.test(`${name}: many producers and consumers, some of them cancelled: every item comes once`, async () => {
    const queue = new Class<number>(3);
    const put: number[] = [];
    const got: number[] = [];
    const producers = Array.from(
      { length: 30 },
      (_, i) =>
        new Attempt(async (options) => {
          for (let j = 0; j < 20; j++) {
            await queue.put(i * 20 + j, options);
            put.push(i * 20 + j);
          }
        }),
    );
    const consumers = Array.from(
      { length: 20 },
      () =>
        new Attempt(async (options) => {
          while (true) {
            const item = await queue.get(options);
            got.push(item);
            if (item % 3 === 0) await sleep(0);
          }
        }),
    );
    for (let i = 0; i < 10; i++) {
      producers[i * 3]!.cancel();
      await sleep(0);
      consumers[i]!.cancel();
    }
    await gather(producers.map((it) => it.task), { returnExceptions: true });
    for (const it of consumers) it.cancel();
    await gather(consumers.map((it) => it.task), { returnExceptions: true });
    while (!queue.empty) got.push(queue.getNowait());
    const byNumber = (a: number, b: number) => a - b;
    assertEquals(got.sort(byNumber), put.sort(byNumber));
    assert(put.length >= 20 * 20);
  });
}

Deno.test("join waits until everything that was put is done", async () => {
  const queue = new Queue<number>();
  for (const item of [1, 2]) queue.putNowait(item);
  const join = new Attempt((options) => queue.join(options));
  await queue.get();
  await queue.get();
  queue.taskDone();
  await sleep(0);
  assertEquals(join.outcome, "pending");
  queue.taskDone();
  await join.task;
});

Deno.test("join counts the items of waiting puts only when they are in", async () => {
  const queue = new Queue<number>(1);
  queue.putNowait(1);
  const putting = queue.put(2);
  const join = new Attempt((options) => queue.join(options));
  queue.taskDone();
  await join.task;
  queue.getNowait();
  await putting;
  queue.taskDone();
  assertThrows(() => queue.taskDone(), RangeError);
});

Deno.test("an item that was handed over directly counts for join", async () => {
  const queue = new Queue<number>();
  const getting = queue.get();
  queue.putNowait(1);
  const join = new Attempt((options) => queue.join(options));
  await getting;
  await sleep(0);
  assertEquals(join.outcome, "pending");
  queue.taskDone();
  await join.task;
});

Deno.test("join of a queue that never had an item is over at once", async () => {
  await new Queue().join();
});

Deno.test("a taskDone too many is a RangeError", () => {
  const queue = new Queue<number>();
  assertThrows(() => queue.taskDone(), RangeError, "more often");
  queue.putNowait(1);
  queue.taskDone();
  assertThrows(() => queue.taskDone(), RangeError, "more often");
});

Deno.test("a queue shows its state", async () => {
  const queue = new Queue<number>(10);
  for (let i = 0; i < 10; i++) queue.putNowait(i);
  const putting = [queue.put(10), queue.put(11)];
  assertEquals(
    Deno.inspect(queue),
    "Queue { size: 10, maxSize: 10, getters: 0, putters: 2 }",
  );
  const joining = queue.join();
  assertEquals(
    Deno.inspect(queue),
    "Queue { size: 10, maxSize: 10, getters: 0, putters: 2, joiners: 1 }",
  );
  for (let i = 0; i < 12; i++) {
    queue.getNowait();
    queue.taskDone();
  }
  await gather([...putting, joining]);
  queue.shutdown();
  assertEquals(
    Deno.inspect(queue),
    "Queue { size: 0, maxSize: 10, getters: 0, putters: 0, isShutdown: true }",
  );
});
