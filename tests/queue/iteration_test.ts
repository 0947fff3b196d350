import { assertEquals, assertRejects } from "@std/assert";
import { LifoQueue, PriorityQueue, Queue } from "@asyncio/asyncio/queue";
import { CancelledError, createTask, sleep } from "@asyncio/asyncio/tasks";
import { shown } from "../_helpers/waiting_rules.ts";

Deno.test("a loop over a queue takes items until it is shut down and empty", async () => {
  const queue = new Queue<number>(2);
  createTask(async () => {
    for (let i = 0; i < 5; i++) await queue.put(i);
    queue.shutdown();
  });
  const items: number[] = [];
  for await (const item of queue) items.push(item);
  assertEquals(items, [0, 1, 2, 3, 4]);
});

Deno.test("a loop takes items in the order of the queue", async () => {
  const lifo = new LifoQueue<number>();
  const priority = new PriorityQueue<number>();
  for (const queue of [lifo, priority]) {
    for (const item of [2, 3, 1]) queue.putNowait(item);
    queue.shutdown();
  }
  assertEquals(await Array.fromAsync(lifo), [1, 3, 2]);
  assertEquals(await Array.fromAsync(priority), [1, 2, 3]);
});

Deno.test("a loop that waits ends when the queue is shut down", async () => {
  const queue = new Queue<number>();
  const task = createTask(() => Array.fromAsync(queue), { eager: true });
  await sleep(0);
  queue.shutdown();
  assertEquals(await task, []);
});

Deno.test("several loops share the items", async () => {
  const queue = new Queue<number>();
  const loops = [1, 2].map(() => createTask(() => Array.fromAsync(queue)));
  await sleep(0);
  for (let i = 0; i < 4; i++) {
    queue.putNowait(i);
    await sleep(0);
  }
  queue.shutdown();
  assertEquals([await loops[0]!, await loops[1]!], [[0, 2], [1, 3]]);
});

Deno.test("a loop calls no taskDone", async () => {
  const queue = new Queue<number>();
  queue.putNowait(1);
  queue.shutdown();
  for await (const _ of queue) queue.taskDone();
  await queue.join();
});

Deno.test("leaving a loop takes no further item, and another loop goes on", async () => {
  const queue = new Queue<number>();
  for (let i = 0; i < 4; i++) queue.putNowait(i);
  for await (const item of queue) if (item === 1) break;
  assertEquals(queue.size, 2);
  queue.shutdown();
  assertEquals(await Array.fromAsync(queue), [2, 3]);
});

Deno.test("a cancel ends a loop where it waits, and nothing is taken", async () => {
  const queue = new Queue<number>();
  const task = createTask(async () => {
    for await (const _ of queue);
  }, { eager: true });
  task.cancel();
  queue.putNowait(1);
  await assertRejects(async () => await task, CancelledError);
  assertEquals(queue.size, 1);
});

Deno.test("return() while next() waits ends that next() and leaves the line", async () => {
  const queue = new Queue<number>();
  const iterator = queue[Symbol.asyncIterator]();
  const waiting = [iterator.next(), iterator.next()];
  assertEquals(shown(queue, "getters"), 2);
  const returned = iterator.return!();
  assertEquals(shown(queue, "getters"), 0);
  queue.putNowait(1);
  const done = { done: true as const, value: undefined };
  assertEquals(await waiting[0]!, done);
  assertEquals(await waiting[1]!, done);
  assertEquals(await returned, done);
  assertEquals(await iterator.next(), done);
  assertEquals(queue.size, 1);
});

Deno.test("what a next() was handed before return() in the same turn is had", async () => {
  const queue = new Queue<number>();
  const iterator = queue[Symbol.asyncIterator]();
  const waiting = iterator.next();
  queue.putNowait(1);
  iterator.return!();
  assertEquals(await waiting, { done: false, value: 1 });
});

Deno.test("an iterator stays at its end", async () => {
  const queue = new Queue<number>();
  const iterator = queue[Symbol.asyncIterator]();
  const waiting = iterator.next();
  queue.shutdown();
  const done = { done: true as const, value: undefined };
  assertEquals(await waiting, done);
  assertEquals(await iterator.next(), done);
});
