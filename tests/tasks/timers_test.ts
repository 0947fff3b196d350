import { assert, assertEquals } from "@std/assert";
import {
  getRunningLoop,
  Handle,
  sleep,
  TimerHandle,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("timers are called in the order of their times, those of the same time in the order of their setting", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const order: string[] = [];
    const start = loop.time();
    const set = (delay: number, name: string) =>
      loop.callLater(
        delay,
        () => void order.push(`${name} at ${loop.time() - start}`),
      );
    set(20, "a");
    set(10, "b");
    set(20, "c");
    set(0, "d");
    set(-5, "e");
    loop.callAt(start + 10, () => void order.push("f"));
    await sleep(30);
    assertEquals(order, [
      "e at 0",
      "d at 0",
      "b at 10",
      "f",
      "a at 20",
      "c at 20",
    ]);
  }));

Deno.test("a timer that is due at once is never called synchronously", async () => {
  let called = 0;
  const loop = getRunningLoop();
  loop.callLater(0, () => called++);
  loop.callAt(loop.time() - 1000, () => called++);
  loop.callLater(-Infinity, () => called++);
  assertEquals(called, 0);
  await turns();
  assertEquals(called, 3);
});

Deno.test("a timer that sets itself again takes turns with the others", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const order: number[] = [];
    loop.callLater(10, function again() {
      order.push(loop.time());
      if (order.length < 5) loop.callLater(10, again);
    });
    await sleep(100);
    assertEquals(order, [10, 20, 30, 40, 50]);
  }));

Deno.test("timers are never early, in real time too", async () => {
  const loop = getRunningLoop();
  for (const delay of [0.4, 1, 1.7, 3]) {
    const start = performance.now();
    await new Promise<void>((resolve) => loop.callLater(delay, resolve));
    assert(performance.now() - start >= delay, `${delay}`);
  }
});

Deno.test("a delay longer than the runtime's longest timer does not fire at once", async () => {
  const loop = getRunningLoop();
  let called = false;
  const handle = loop.callLater(3e9, () => called = true);
  const infinite = loop.callLater(Infinity, () => called = true);
  await new Promise((resolve) => setTimeout(resolve, 5));
  assertEquals([called, infinite.when], [false, Infinity]);
  handle.cancel();
  infinite.cancel();
});

Deno.test("a handle that is cancelled is not called, and keeps no timer", async () => {
  const loop = getRunningLoop();
  let called = 0;
  const handles = [
    loop.callSoon(() => called++),
    loop.callLater(0, () => called++),
    loop.callLater(60_000, () => called++),
  ];
  for (const handle of handles) {
    assertEquals(handle.cancelled, false);
    handle.cancel();
    handle.cancel();
    assertEquals(handle.cancelled, true);
  }
  await turns();
  assertEquals(called, 0);
  assert(
    handles[0] instanceof Handle && handles[1] instanceof TimerHandle &&
      handles[1] instanceof Handle,
  );
});

Deno.test("100 000 timers are set and cancelled, in any order, and the rest fire in order", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const fired: number[] = [];
    const times = Array.from(
      { length: 100_000 },
      (_, i) => (i * 7919) % 100_003,
    );
    const handles = times.map((ms) =>
      loop.callLater(ms, () => void fired.push(ms))
    );
    handles.forEach((handle, i) => {
      if (i % 100 !== 0) handle.cancel();
    });
    await sleep(100_003);
    const left = times.filter((_, i) => i % 100 === 0).toSorted((a, b) =>
      a - b
    );
    assertEquals(fired, left);
  }));

Deno.test("time is monotonic, and what timers go by", () =>
  virtually(async () => {
    const loop = getRunningLoop();
    const start = loop.time();
    const handle = loop.callLater(10, () => {});
    assertEquals(handle.when, start + 10);
    await sleep(10);
    assertEquals(loop.time(), start + 10);
  }));
