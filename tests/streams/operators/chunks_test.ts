import { assertEquals, assertRejects } from "@std/assert";
import { chunks } from "@asyncio/asyncio/streams/operators";
import { Queue } from "@asyncio/asyncio/queue";
import { createTask, sleep } from "@asyncio/asyncio/tasks";
import { reportsOf } from "../../_helpers/reports.ts";
import { virtually } from "../../_helpers/virtually.ts";
import { all } from "./_sources.ts";
import { at, timed } from "./_timed.ts";

function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, () => virtually(body));
}

test("chunks of one size, but for the last", async () => {
  for (let n = 0; n < 10; n++) {
    const items = Array.from({ length: n }, (_, i) => i);
    for (let size = 1; size < 12; size++) {
      const got = await all(chunks(items, { size }));
      assertEquals(got.flat(), items);
      const sizes = got.map(({ length }) => length);
      const rest = n % size === 0 ? [] : [n % size];
      assertEquals(sizes, [...Array(Math.floor(n / size)).fill(size), ...rest]);
    }
  }
});

test("a full chunk is given at once", async () => {
  const got = await timed(chunks(at([0, 1, 2, 50]), { size: 2, time: 10 }));
  assertEquals(got, [[[0, 1], 1], [[2], 12], [[50], 50]]);
});

test("the time counts from a chunk's first item, and none is empty", async () => {
  const source = at([0, 5, 9, 30, 31, 1000]);
  const got = await timed(chunks(source, { time: 10 }));
  assertEquals(got, [[[0, 5, 9], 10], [[30, 31], 40], [[1000], 1000]]);
});

test("an item that is on its way when the time is over is not lost", async () => {
  const got = await timed(chunks(at([0, 15, 18, 40]), { time: 10, size: 10 }));
  assertEquals(got, [[[0], 10], [[15, 18], 25], [[40], 40]]);
});

test("a slow consumer gets full chunks", async () => {
  const queue = new Queue<number>();
  createTask(async () => {
    for (let n = 0; n < 100; n++) {
      await queue.put(n);
      await sleep(1);
    }
    queue.shutdown();
  });
  const sizes: number[] = [];
  for await (const chunk of chunks(queue, { size: 10, time: 5 })) {
    sizes.push(chunk.length);
    await sleep(20);
  }
  assertEquals(sizes.slice(1, -1).every((size) => size === 10), true);
});

test("nothing is read while no chunk is asked for", async () => {
  let taken = 0;
  function* source() {
    while (true) yield ++taken;
  }
  const items = chunks(source(), { size: 3 });
  await items.next();
  await sleep(100);
  assertEquals(taken, 3);
  await items.next();
  assertEquals(taken, 6);
  await items.return!();
});

test("what was collected comes before the source's error", async () => {
  for (const time of [undefined, 100]) {
    const items = chunks(at([0, 1, 2, 3, 4], { error: new Error("broken") }), {
      size: 3,
      time,
    });
    assertEquals((await items.next()).value, [0, 1, 2]);
    assertEquals((await items.next()).value, [3, 4]);
    await assertRejects(() => items.next(), Error, "broken");
    assertEquals(await items.next(), { done: true, value: undefined });
  }
});

Deno.test("an error is reported if the loop is left at what comes before it", async () => {
  const reports = await reportsOf(async () => {
    const source = at([0, 1], { error: new Error("broken") });
    for await (const _ of chunks(source, { size: 3 })) break;
  });
  assertEquals(reports.map(({ error }) => String(error)), ["Error: broken"]);
});

test("an error where nothing was collected", async () => {
  const items = chunks(at([0, 1], { error: new Error("broken") }), { size: 2 });
  assertEquals((await items.next()).value, [0, 1]);
  await assertRejects(() => items.next(), Error, "broken");
});

test("a time of 0 gives each item by itself", async () => {
  assertEquals(await all(chunks([1, 2, 3], { time: 0 })), [[1], [2], [3]]);
});

test("chunks are the consumer's own", async () => {
  const got: number[][] = [];
  for await (const chunk of chunks([1, 2, 3, 4], { size: 2 })) {
    got.push([...chunk]);
    chunk.length = 0;
  }
  assertEquals(got, [[1, 2], [3, 4]]);
});
