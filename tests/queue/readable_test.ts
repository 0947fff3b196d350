import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import {
  concatReadableStreams,
  mergeReadableStreams,
  TextLineStream,
} from "@std/streams";
import { LifoQueue, Queue } from "@asyncio/asyncio/queue";
import { createTask, gather, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { shown } from "../_helpers/waiting_rules.ts";

const DONE: ReadableStreamReadResult<number> = {
  done: true,
  value: undefined as never,
};

function filled(...items: number[]): Queue<number> {
  const queue = new Queue<number>();
  for (const item of items) queue.putNowait(item);
  return queue;
}

Deno.test("readable gives the items, and ends when the queue is shut down and empty", async () => {
  const queue = filled(1, 2, 3);
  queue.shutdown();
  assertEquals(await Array.fromAsync(queue.readable), [1, 2, 3]);
});

Deno.test("readable is the same object every time", () => {
  const queue = new Queue<number>();
  assertStrictEquals(queue.readable, queue.readable);
});

Deno.test("readable gives the items in the order of the queue", async () => {
  const queue = new LifoQueue<number>();
  for (const item of [1, 2, 3]) queue.putNowait(item);
  queue.shutdown();
  assertEquals(await Array.fromAsync(queue.readable), [3, 2, 1]);
});

Deno.test("readable takes an item only for a read", async () => {
  const queue = filled(1, 2, 3);
  const reader = queue.readable.getReader();
  await sleep(0);
  assertEquals(queue.size, 3);
  assertEquals(await reader.read(), { done: false, value: 1 });
  await sleep(0);
  assertEquals(queue.size, 2);
});

Deno.test("a read waits for an item, and ends when the queue is shut down", async () => {
  const queue = new Queue<number>();
  const reader = queue.readable.getReader();
  const reads = [reader.read(), reader.read(), reader.read()];
  queue.putNowait(1);
  queue.putNowait(2);
  await sleep(0);
  assertEquals(shown(queue, "getters"), 1);
  queue.shutdown();
  assertEquals(await Promise.all(reads), [
    { done: false, value: 1 },
    { done: false, value: 2 },
    DONE,
  ]);
  await reader.closed;
});

Deno.test("a producer waits until the stream is read", async () => {
  const queue = new Queue<number>(1);
  const producer = new Attempt(async () => {
    for (let i = 0; i < 3; i++) await queue.put(i);
  });
  const reader = queue.readable.getReader();
  await sleep(0);
  assertEquals([producer.outcome, queue.size], ["pending", 1]);
  await reader.read();
  await sleep(0);
  assertEquals(producer.outcome, "pending");
  await reader.read();
  await producer.task;
});

Deno.test("cancelling the readable leaves the queue open, with all its items", async () => {
  const queue = filled(1, 2);
  const reader = queue.readable.getReader();
  await reader.read();
  await reader.cancel("enough");
  assertEquals(await reader.read(), DONE);
  assertEquals([queue.isShutdown, queue.size], [false, 1]);
  await queue.put(3);
  assertEquals([await queue.get(), await queue.get()], [2, 3]);
});

Deno.test("cancelling the readable while a read waits leaves the line", async () => {
  const queue = new Queue<number>();
  const reader = queue.readable.getReader();
  const read = reader.read();
  await sleep(0);
  const cancelled = reader.cancel();
  assertEquals(shown(queue, "getters"), 0);
  queue.putNowait(1);
  await cancelled;
  assertEquals([await read, queue.size], [DONE, 1]);
});

Deno.test("an item put right before the readable is cancelled goes to the read", async () => {
  const queue = new Queue<number>();
  const reader = queue.readable.getReader();
  const read = reader.read();
  await sleep(0);
  queue.putNowait(1);
  const cancelled = reader.cancel();
  assertEquals(await read, { done: false, value: 1 });
  await cancelled;
  assertEquals(queue.size, 0);
});

Deno.test("a reader that is released while it waits takes no item with it", async () => {
  const queue = new Queue<number>();
  const reader = queue.readable.getReader();
  const read = reader.read();
  await sleep(0);
  reader.releaseLock();
  await assertRejects(() => read, TypeError);
  queue.putNowait(1);
  assertEquals(queue.size, 1);
  const next = queue.readable.getReader();
  assertEquals(await next.read(), { done: false, value: 1 });
});

Deno.test("what a released reader was waiting for goes to the next in line", async () => {
  const queue = new Queue<number>();
  const reader = queue.readable.getReader();
  const read = reader.read();
  await sleep(0);
  const get = new Attempt((options) => queue.get(options));
  reader.releaseLock();
  await assertRejects(() => read, TypeError);
  queue.putNowait(1);
  await get.task;
  assertEquals(get.value, 1);
});

Deno.test("a read is in line with the gets", async () => {
  const queue = new Queue<number>();
  const first = new Attempt((options) => queue.get(options));
  const read = queue.readable.getReader().read();
  await sleep(0);
  const last = new Attempt((options) => queue.get(options));
  for (const item of [1, 2, 3]) queue.putNowait(item);
  assertEquals(await read, { done: false, value: 2 });
  await gather([first.task, last.task]);
  assertEquals([first.value, last.value], [1, 3]);
});

Deno.test("a read belongs to no task: it outlives the one that asked first", async () => {
  const queue = new Queue<number>();
  const reader = queue.readable.getReader();
  let read: Promise<unknown> | undefined;
  const task = createTask(async () => {
    read = reader.read();
    await sleep(60_000);
  }, { eager: true });
  await sleep(0);
  task.cancel();
  await task.catch(() => {});
  queue.putNowait(1);
  assertEquals(await read, { done: false, value: 1 });
});

Deno.test("readable goes through transforms", async () => {
  const queue = new Queue<string>(1);
  const reading = Array.fromAsync(
    queue.readable
      .pipeThrough(
        new TransformStream<string, string>({
          transform(item, controller) {
            controller.enqueue(item.toUpperCase());
          },
        }),
      )
      .pipeThrough(new TextEncoderStream())
      .pipeThrough(new TextDecoderStream()),
  );
  for (const word of ["to", "be"]) await queue.put(word);
  queue.shutdown();
  assertEquals(await reading, ["TO", "BE"]);
});

Deno.test("pipeTo takes items as fast as the sink does", async () => {
  const queue = filled(1, 2, 3, 4);
  const sunk: number[] = [];
  const gates: (() => void)[] = [];
  const sink = new WritableStream<number>({
    write(item) {
      sunk.push(item);
      return new Promise((resolve) => gates.push(resolve));
    },
  }, { highWaterMark: 1 });
  queue.shutdown();
  const piped = queue.readable.pipeTo(sink);
  await sleep(0);
  assertEquals(sunk, [1]);
  assertEquals(queue.size >= 2, true);
  for (let i = 0; i < 4; i++) {
    gates[i]!();
    await new Promise((resolve) => setTimeout(resolve));
  }
  await piped;
  assertEquals(sunk, [1, 2, 3, 4]);
});

Deno.test("an aborted pipeTo leaves the rest in the queue, open", async () => {
  const queue = filled(1);
  const controller = new AbortController();
  const sunk: number[] = [];
  const sink = new WritableStream<number>({
    write: (it) => void sunk.push(it),
  });
  const piped = queue.readable.pipeTo(sink, { signal: controller.signal });
  await sleep(0);
  controller.abort(new RangeError("stop"));
  await assertRejects(() => piped, RangeError, "stop");
  queue.putNowait(2);
  assertEquals([sunk, queue.size, queue.isShutdown], [[1], 1, false]);
});

Deno.test("a sink that fails cancels the readable, and the queue stays open", async () => {
  const queue = filled(1, 2, 3);
  const sink = new WritableStream<number>({
    write() {
      throw new RangeError("no");
    },
  });
  await assertRejects(() => queue.readable.pipeTo(sink), RangeError, "no");
  assertEquals([queue.isShutdown, queue.empty], [false, false]);
});

Deno.test("both branches of a tee get every item", async () => {
  const queue = new Queue<number>(1);
  const [left, right] = queue.readable.tee();
  const reading = Promise.all([Array.fromAsync(left), Array.fromAsync(right)]);
  for (let i = 0; i < 3; i++) await queue.put(i);
  queue.shutdown();
  assertEquals(await reading, [[0, 1, 2], [0, 1, 2]]);
});

Deno.test("readables of several queues merge", async () => {
  const queues = [filled(1, 2), filled(3)];
  for (const it of queues) it.shutdown();
  const merged = mergeReadableStreams(...queues.map((it) => it.readable));
  assertEquals((await Array.fromAsync(merged)).sort(), [1, 2, 3]);
});

Deno.test("readables of several queues follow each other, and make lines", async () => {
  const queues = [new Queue<string>(), new Queue<string>()];
  for (const queue of queues) {
    for (const text of ["to", " be\n"]) queue.putNowait(text);
    queue.shutdown();
  }
  const text = concatReadableStreams(...queues.map((it) => it.readable));
  const lines = text.pipeThrough(new TextLineStream());
  assertEquals(await Array.fromAsync(lines), ["to be", "to be"]);
});

Deno.test("a loop over a readable that is left with preventCancel can be taken up again", async () => {
  const queue = filled(1, 2, 3);
  for await (const _ of queue.readable.values({ preventCancel: true })) break;
  assertEquals(queue.size, 2);
  queue.shutdown();
  assertEquals(await Array.fromAsync(queue.readable), [2, 3]);
});

Deno.test("reading a queue that never is empty lets timers be served", async () => {
  const queue = filled(0);
  const reader = queue.readable.getReader();
  let fired = false;
  const timer = setTimeout(() => fired = true);
  for (let i = 0; i < 1_000_000 && !fired; i++) {
    queue.putNowait(i);
    await reader.read();
  }
  clearTimeout(timer);
  assertEquals(fired, true);
});

Deno.test("a sink may use the queue it is fed from", async () => {
  const queue = new Queue<number>();
  const sunk: number[] = [];
  const piped = queue.readable.pipeTo(
    new WritableStream<number>({
      write(item) {
        sunk.push(item);
        queue.taskDone();
        if (item < 3) queue.putNowait(item + 1);
        else queue.shutdown();
      },
    }),
  );
  await sleep(0);
  queue.putNowait(0);
  await piped;
  await queue.join();
  assertEquals(sunk, [0, 1, 2, 3]);
});
