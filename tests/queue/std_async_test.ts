/** Queues are async iterables like any other: `@std/async` takes them. */
import { assertEquals, assertRejects } from "@std/assert";
import { abortable, MuxAsyncIterator, pooledMap, tee } from "@std/async";
import { Queue } from "@asyncio/asyncio/queue";
import { createTask, run, sleep } from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

function filled<T>(...items: T[]): Queue<T> {
  const queue = new Queue<T>();
  for (const item of items) queue.putNowait(item);
  queue.shutdown();
  return queue;
}

Deno.test("std's pooledMap maps a queue to its end, in order", () =>
  run(async () => {
    const results = pooledMap(2, filled(3, 2, 1), async (n) => {
      await sleep(n);
      return n * 10;
    });
    assertEquals(await Array.fromAsync(results), [30, 20, 10]);
  }));

Deno.test("std's MuxAsyncIterator merges queues as their items come", () =>
  run(async () => {
    const [a, b] = [new Queue<string>(), new Queue<string>()];
    const merged = new MuxAsyncIterator<string>();
    merged.add(a);
    merged.add(b);
    createTask(async () => {
      for (const [queue, item] of [[b, "b1"], [a, "a1"], [b, "b2"]] as const) {
        await queue.put(item);
        await turns(2);
      }
      a.shutdown();
      b.shutdown();
    });
    assertEquals(await Array.fromAsync(merged), ["b1", "a1", "b2"]);
  }));

Deno.test("std's tee gives every item of a queue to each", () =>
  run(async () => {
    const [a, b] = tee(filled(1, 2, 3));
    assertEquals(await Promise.all([Array.fromAsync(a), Array.fromAsync(b)]), [
      [1, 2, 3],
      [1, 2, 3],
    ]);
  }));

Deno.test("a loop over a queue that std's abortable ends takes no further item", () =>
  run(async () => {
    const queue = new Queue<string>();
    const controller = new AbortController();
    const taken: string[] = [];
    const loop = createTask(async () => {
      for await (const item of abortable(queue, controller.signal)) {
        taken.push(item);
      }
    });
    await queue.put("one");
    await turns(2);
    controller.abort(new Error("enough"));
    await assertRejects(() => loop.then(), Error, "enough");
    queue.putNowait("two");
    await turns(2);
    assertEquals([taken, queue.size], [["one"], 1]);
  }));
