import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { Queue, QueueShutDownError } from "@asyncio/asyncio/queue";
import { createTask, sleep } from "@asyncio/asyncio/tasks";
import { shown } from "../_helpers/waiting_rules.ts";

Deno.test("what is written to writable is put, and closing it shuts the queue down", async () => {
  const queue = new Queue<number>();
  const writer = queue.writable.getWriter();
  await writer.write(1);
  await writer.write(2);
  assertEquals([queue.size, queue.isShutdown], [2, false]);
  await writer.close();
  assert(queue.isShutdown);
  assertEquals(await Array.fromAsync(queue), [1, 2]);
});

Deno.test("writable is the same object every time", () => {
  const queue = new Queue<number>();
  assertStrictEquals(queue.writable, queue.writable);
});

Deno.test("a write waits until there is room, and so does ready", async () => {
  const queue = new Queue<number>(1);
  const writer = queue.writable.getWriter();
  await writer.write(1);
  const writing = writer.write(2);
  await sleep(0);
  assertEquals([shown(queue, "putters"), writer.desiredSize], [1, 0]);
  assertEquals(await queue.get(), 1);
  await writing;
  await writer.ready;
  assertEquals(queue.getNowait(), 2);
});

Deno.test("close waits for the writes before it", async () => {
  const queue = new Queue<number>(1);
  const writer = queue.writable.getWriter();
  const writes = [writer.write(1), writer.write(2)];
  const closed = writer.close();
  await sleep(0);
  assertEquals(queue.isShutdown, false);
  assertEquals(await Array.fromAsync(queue), [1, 2]);
  await Promise.all([...writes, closed]);
});

Deno.test("aborting the writable gives up the write that waits, and shuts the queue down", async () => {
  const queue = new Queue<number>(1);
  const writer = queue.writable.getWriter();
  await writer.write(1);
  const writing = assertRejects(() => writer.write(2), RangeError, "stop");
  const closed = assertRejects(() => writer.closed, RangeError, "stop");
  await sleep(0);
  const aborted = writer.abort(new RangeError("stop"));
  assertEquals(shown(queue, "putters"), 0);
  await writing;
  await aborted;
  await closed;
  assertEquals([queue.isShutdown, queue.size], [true, 1]);
  assertEquals(await Array.fromAsync(queue), [1]);
});

Deno.test("aborting an idle writable shuts the queue down", async () => {
  const queue = new Queue<number>();
  await queue.writable.abort("stop");
  assert(queue.isShutdown);
});

Deno.test("a shutdown fails the write that waits, with its item, and the writable with it", async () => {
  const queue = new Queue<number>(1);
  const writer = queue.writable.getWriter();
  await writer.write(1);
  const writing = assertRejects(() => writer.write(2), QueueShutDownError);
  const closed = assertRejects(() => writer.closed, QueueShutDownError);
  await sleep(0);
  queue.shutdown();
  assertEquals((await writing).item, 2);
  await closed;
});

Deno.test("a write into a queue that is shut down fails", async () => {
  const queue = new Queue<number>();
  queue.shutdown();
  const writer = queue.writable.getWriter();
  const closed = assertRejects(() => writer.closed, QueueShutDownError);
  await assertRejects(() => writer.write(1), QueueShutDownError);
  await closed;
});

Deno.test("a write belongs to no task: it outlives the one that wrote first", async () => {
  const queue = new Queue<number>(1);
  const writer = queue.writable.getWriter();
  let writing: Promise<void> | undefined;
  const task = createTask(async () => {
    await writer.write(1);
    writing = writer.write(2);
    await sleep(60_000);
  });
  await sleep(0);
  task.cancel();
  await task.catch(() => {});
  assertEquals(await queue.get(), 1);
  await writing;
  assertEquals(queue.size, 1);
});

Deno.test("pipeTo into a queue goes as fast as it is emptied", async () => {
  const queue = new Queue<number>(2);
  let pulled = 0;
  const source = new ReadableStream<number>({
    pull(controller) {
      controller.enqueue(pulled++);
      if (pulled === 10) controller.close();
    },
  }, { highWaterMark: 0 });
  const piped = source.pipeTo(queue.writable);
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([queue.size, shown(queue, "putters"), pulled], [2, 1, 3]);
  assertEquals(await Array.fromAsync(queue), [0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
  await piped;
});

Deno.test("an aborted pipeTo waits for the write in flight, as the standard has it, and then shuts the queue down", async () => {
  const queue = new Queue<number>(1);
  const controller = new AbortController();
  const source = ReadableStream.from([1, 2, 3]);
  const piped = source.pipeTo(queue.writable, { signal: controller.signal });
  await new Promise((resolve) => setTimeout(resolve));
  controller.abort(new RangeError("stop"));
  await new Promise((resolve) => setTimeout(resolve));
  assertEquals([shown(queue, "putters"), queue.isShutdown], [1, false]);
  assertEquals(await queue.get(), 1);
  await assertRejects(() => piped, RangeError, "stop");
  assertEquals(queue.isShutdown, true);
  assertEquals(await Array.fromAsync(queue), [2]);
});

Deno.test("a source that fails shuts the queue down after what it gave", async () => {
  const queue = new Queue<number>();
  const source = new ReadableStream<number>({
    start(controller) {
      controller.enqueue(1);
    },
    pull(controller) {
      controller.error(new RangeError("broken"));
    },
  });
  await assertRejects(() => source.pipeTo(queue.writable), RangeError);
  assert(queue.isShutdown);
});

Deno.test("an item that is refused shuts the queue down, as nothing more can be written", async () => {
  const queue = new Queue<unknown>();
  const source = new ReadableStream({
    start(controller) {
      for (const item of [1, { then() {} }, 2]) controller.enqueue(item);
    },
  });
  await assertRejects(() => source.pipeTo(queue.writable), TypeError);
  assertEquals(await Array.fromAsync(queue), [1]);
});

Deno.test("both ends at once are a pipe with the queue's bound", async () => {
  const queue = new Queue<number>(3);
  const items = Array.from({ length: 1_000 }, (_, i) => i);
  const piped = ReadableStream.from(items).pipeTo(queue.writable);
  const doubled = queue.readable.pipeThrough(
    new TransformStream<number, number>({
      transform: (item, controller) => controller.enqueue(2 * item),
    }),
  );
  assertEquals(await Array.fromAsync(doubled), items.map((it) => 2 * it));
  await piped;
});

Deno.test("a queue stands in pipeThrough like any transform", async () => {
  const queue = new Queue<string>(1);
  const through = ReadableStream.from(["a", "b"]).pipeThrough(queue);
  assertEquals(await Array.fromAsync(through), ["a", "b"]);
});
