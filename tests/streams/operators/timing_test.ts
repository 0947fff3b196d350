/** `throttle`, `debounce` and `timeoutEach`. @module */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  debounce,
  throttle,
  timeoutEach,
} from "@asyncio/asyncio/streams/operators";
import {
  allTasks,
  createTask,
  run,
  sleep,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { Queue } from "@asyncio/asyncio/queue";
import { virtually } from "../../_helpers/virtually.ts";
import { all } from "./_sources.ts";
import { at, timed } from "./_timed.ts";
import { now } from "../../_helpers/now.ts";

function test(name: string, body: () => Promise<void>): void {
  Deno.test(name, () => virtually(body));
}

class Broken extends Error {}

// --- throttle ----------------------------------------------------------------

test("throttle: never more than the limit within an interval", async () => {
  for (const limit of [1, 2, 3, 7]) {
    const start = now();
    const items = throttle(Array.from({ length: 30 }, (_, i) => i), {
      limit,
      interval: 100,
    });
    const got = await timed(items);
    assertEquals(got.map(([i]) => i), Array.from({ length: 30 }, (_, i) => i));
    for (const [i, moment] of got) {
      assertEquals(moment - start, Math.floor(i / limit) * 100);
    }
    assertEquals(now() - start, Math.floor(29 / limit) * 100, "the end");
  }
});

test("throttle: the window slides", async () => {
  const items = throttle(at([0, 90, 95, 100, 105]), {
    limit: 2,
    interval: 100,
  });
  assertEquals((await timed(items)).map(([, moment]) => moment), [
    0,
    90,
    100, // 100 after the first
    190, // 100 after the second
    200,
  ]);
});

test("throttle: a source that is slow enough is not slowed down", async () => {
  const items = throttle(at([0, 100, 200, 350]), { limit: 1, interval: 100 });
  assertEquals((await timed(items)).map(([, moment]) => moment), [
    0,
    100,
    200,
    350,
  ]);
});

test("throttle: a consumer that is slow enough is not slowed down", async () => {
  for await (const _ of throttle([1, 2, 3], { interval: 100 })) {
    await sleep(150);
  }
  assertEquals(now(), 450);
});

test("throttle: an error does not wait", async () => {
  const items = throttle(at([0, 1], { error: new Broken() }), {
    limit: 2,
    interval: 1000,
  });
  await assertRejects(() => all(items), Broken);
  assertEquals(now(), 1);
});

test("throttle: one item is held, and no more are taken", async () => {
  let taken = 0;
  function* source() {
    while (true) yield ++taken;
  }
  const items = throttle(source(), { interval: 100 });
  await items.next();
  await sleep(1000);
  assertEquals(taken, 1);
  const next = [items.next(), items.next()];
  await sleep(50);
  assertEquals(taken, 3);
  await Promise.all(next);
  await items.return!();
});

test("throttle: without a limit, or without an interval", async () => {
  const items = Array.from({ length: 1000 }, (_, i) => i);
  const free = { limit: Infinity, interval: 1000 };
  assertEquals(await all(throttle(items, free)), items);
  assertEquals(await all(throttle(items, { interval: 0 })), items);
  assertEquals(now(), 0);
});

test("throttle: left while an item waits", async () => {
  const items = throttle([1, 2, 3], { interval: 1000 });
  await items.next();
  const next = items.next();
  await sleep(10);
  await items.return!();
  assertEquals(await next, { done: true, value: undefined });
  assertEquals([now(), allTasks().size], [10, 1]);
});

// --- debounce ----------------------------------------------------------------

test("debounce: gives what nothing has followed", async () => {
  const source = at([0, 5, 9, 30, 31, 100]);
  assertEquals(await timed(debounce(source, 10)), [
    [9, 19],
    [31, 41],
    [100, 100], // the end
  ]);
});

test("debounce: an item exactly at the end of the time comes by itself", async () => {
  assertEquals(await timed(debounce(at([0, 10, 20]), 10)), [
    [0, 10],
    [10, 20],
    [20, 20],
  ]);
});

test("debounce: the last item comes before the error, at once", async () => {
  const items = debounce(at([0, 5], { error: new Broken() }), 10);
  assertEquals((await items.next()).value, 5);
  assertEquals(now(), 5);
  await assertRejects(() => items.next(), Broken);
});

test("debounce: nothing of nothing, and an error alone", async () => {
  assertEquals(await all(debounce([], 10)), []);
  const broken = at([], { error: new Broken() });
  await assertRejects(() => all(debounce(broken, 10)), Broken);
});

test("debounce: a burst while the consumer is busy is one item", async () => {
  const queue = new Queue<number>();
  createTask(async () => {
    for (let n = 0; n < 100; n++) {
      await queue.put(n);
      await sleep(n === 0 ? 20 : 1);
    }
    queue.shutdown();
  });
  const got: [number, number][] = [];
  for await (const n of debounce(queue, 10)) {
    got.push([n, now()]);
    await sleep(200);
  }
  assertEquals(got, [[0, 10], [99, 210]]);
});

test("debounce: the first of a burst that was under way is not lost", async () => {
  const queue = new Queue<string>();
  const items = debounce(queue, 10);
  queue.putNowait("a");
  assertEquals((await items.next()).value, "a");
  queue.putNowait("b"); // it is asked for already
  await sleep(50);
  assertEquals((await items.next()).value, "b");
  await items.return!();
  assertEquals(queue.size, 0);
});

test("debounce: with 0, items of the same moment are one", async () => {
  const source = at([0, 0, 0, 5, 5]);
  assertEquals(await timed(debounce(source, 0)), [[0, 0], [5, 5]]);
});

test("debounce: Infinity gives the last one", async () => {
  assertEquals(await timed(debounce(at([0, 50]), Infinity)), [[50, 50]]);
});

// --- timeoutEach -------------------------------------------------------------

test("timeoutEach: an item that takes too long is a TimeoutError", async () => {
  let isClosed = false;
  async function* source() {
    try {
      yield* at([0, 50, 99, 200]);
    } finally {
      isClosed = true;
    }
  }
  const got: number[] = [];
  const error = await assertRejects(async () => {
    for await (const item of timeoutEach(source(), 60)) got.push(item);
  }, TimeoutError);
  assert(error.message.includes("60 ms"));
  assertEquals([got, now(), isClosed], [[0, 50, 99], 159, true]);
  assertEquals(allTasks().size, 1);
});

test("timeoutEach: the consumer may take as long as it likes", async () => {
  for await (const _ of timeoutEach(at([0, 1, 2, 3]), 2)) await sleep(1000);
  assertEquals(now(), 4000);
});

test("timeoutEach: the end may take too long as well", async () => {
  async function* source() {
    yield 1;
    await sleep(1000);
  }
  await assertRejects(() => all(timeoutEach(source(), 10)), TimeoutError);
});

test("timeoutEach: a source that never answers, on a virtual clock", async () => {
  async function* source() {
    yield 1;
    await new Promise(() => {});
  }
  const items = timeoutEach(source(), 3_600_000);
  await items.next();
  await assertRejects(() => items.next(), TimeoutError);
  assertEquals(now(), 3_600_000);
});

test("timeoutEach: with 0 passes what is there at once", async () => {
  assertEquals(await all(timeoutEach([1, 2, 3], 0)), [1, 2, 3]);
  async function* plain() {
    yield* [1, 2];
    await sleep(1);
    yield 3;
  }
  const got: number[] = [];
  await assertRejects(async () => {
    for await (const n of timeoutEach(plain(), 0)) got.push(n);
  }, TimeoutError);
  assertEquals(got, [1, 2]);
});

test("timeoutEach: Infinity is no limit", async () => {
  assertEquals(await all(timeoutEach(at([0, 1e9]), Infinity)), [0, 1e9]);
});

test("timeoutEach: an error of the source comes as it is", async () => {
  const items = timeoutEach(at([0, 5], { error: new Broken() }), 10);
  await assertRejects(() => all(items), Broken);
});

// --- on the real clock -------------------------------------------------------

Deno.test("the timed ones on the real clock", async () => {
  await run(async () => {
    const start = now();
    await all(throttle([1, 2, 3], { interval: 10 }));
    assert(now() - start >= 20);
    assertEquals(await all(debounce(at([0, 0, 60]), 20)), [0, 60]);
    await assertRejects(() => all(timeoutEach(at([0, 1000]), 5)), TimeoutError);
  });
});
