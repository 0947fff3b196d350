import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createTask,
  gather,
  getRunningLoop,
  moveOnAfter,
  run,
  sleep,
  timeout,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";

const DAY = 86_400_000;

// --- Jumping -----------------------------------------------------------------

Deno.test("a day passes at once", async () => {
  const clock = new VirtualClock();
  const started = performance.now();
  await run(async () => {
    for (let i = 0; i < 24; i++) await sleep(DAY / 24);
    assertEquals(getRunningLoop().time(), DAY);
  }, { clock });
  assertEquals(clock.now(), DAY);
  assert(performance.now() - started < DAY / 100);
});

Deno.test("time starts where it is told to", async () => {
  const clock = new VirtualClock({ start: 500 });
  assertEquals(clock.now(), 500);
  await run(() => sleep(10), { clock });
  assertEquals(clock.now(), 510);
});

Deno.test("fractions of a millisecond count", async () => {
  const clock = new VirtualClock();
  const order: string[] = [];
  await run(() =>
    gather([
      async () => order.push(await sleep(1.5, { result: "second" })),
      async () => order.push(await sleep(1.25, { result: "first" })),
    ]), { clock });
  assertEquals(order, ["first", "second"]);
  assertEquals(clock.now(), 1.5);
});

Deno.test("the continuations of one timer come before the next timer", async () => {
  const order: string[] = [];
  await run(() =>
    gather([
      async () => {
        await sleep(1);
        order.push("1");
        for (let i = 0; i < 100; i++) await Promise.resolve();
        order.push("1, a hundred promises later");
        await sleep(0);
        order.push("1, a turn later");
      },
      async () => {
        await sleep(1.001);
        order.push("1.001");
      },
    ]), { clock: new VirtualClock() });
  assertEquals(order, [
    "1",
    "1, a hundred promises later",
    "1, a turn later",
    "1.001",
  ]);
});

Deno.test("what a continuation sets earlier comes before what was set first", async () => {
  const times: number[] = [];
  await run(() => {
    const loop = getRunningLoop();
    const note = () => times.push(loop.time());
    return gather([
      async () => {
        await sleep(100);
        note();
      },
      async () => {
        await sleep(10);
        await Promise.resolve();
        await sleep(10);
        note();
      },
    ]);
  }, { clock: new VirtualClock() });
  assertEquals(times, [20, 100]);
});

Deno.test("timers, sleeps and timeouts come in the order of the real clock", async () => {
  const scenario = async () => {
    const order: string[] = [];
    const loop = getRunningLoop();
    for (const ms of [60, 0, 30, 30, 90]) {
      loop.callLater(ms, () => order.push(`timer ${ms}`));
    }
    await gather([
      async () => {
        for (let i = 0; i < 3; i++) {
          await sleep(30);
          order.push(`step ${i}`);
          await Promise.resolve();
          order.push(`after step ${i}`);
        }
      },
      async () => {
        await moveOnAfter(45, () => sleep(1000));
        order.push("moved on");
        await sleep(0);
        order.push("gave way");
      },
      async () => {
        await sleep(0);
        order.push("a turn");
        await waitFor(() => sleep(75), 200);
        order.push("in time");
      },
    ]);
    await sleep(30);
    return order;
  };
  const virtual = await run(scenario, { clock: new VirtualClock() });
  let real = await run(scenario);
  // On a machine that stalls, times that are apart may come due in one turn.
  for (let i = 0; i < 10 && `${real}` !== `${virtual}`; i++) {
    real = await run(scenario);
  }
  assertEquals(virtual, real);
});

Deno.test("a timeout that is taken back leaves no time behind", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    await timeout(1000, () => sleep(1));
    assertEquals(clock.now(), 1);
    await assertRejects(() => timeout(10, () => sleep(1000)), TimeoutError);
    assertEquals(clock.now(), 11);
  }, { clock });
  assertEquals(clock.now(), 11);
});

Deno.test("a callback of the loop keeps nothing from jumping", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const loop = getRunningLoop();
    let left = 600; // more than the budget: some go through the ready queue
    const again = () => left-- > 0 && loop.callSoon(again);
    again();
    await sleep(10);
  }, { clock });
  assertEquals(clock.now(), 10);
});

Deno.test("what is left running is ended in virtual time, too", async () => {
  const clock = new VirtualClock();
  let ended = 0;
  await run(async () => {
    createTask(async () => {
      try {
        await sleep(Infinity);
      } finally {
        await sleep(DAY);
        ended = clock.now();
      }
    });
    await sleep(5);
  }, { clock });
  assertEquals(ended, 5 + DAY);
});

Deno.test("infinity is never jumped to", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  const running = run(() => sleep(Infinity), { clock, signal: stop.signal });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(clock.now(), 0);
  stop.abort(new Error("enough"));
  await assertRejects(() => running, Error, "enough");
});

// --- Arguments and state -----------------------------------------------------

Deno.test("times that are not finite are refused", async () => {
  assertThrows(() => new VirtualClock({ start: NaN }), RangeError);
  assertThrows(() => new VirtualClock({ start: Infinity }), RangeError);
  const clock = new VirtualClock();
  await assertRejects(() => clock.advance(NaN), RangeError);
  await assertRejects(() => clock.advance(Infinity), RangeError);
  await assertRejects(() => clock.advance("1" as never), TypeError);
});

Deno.test("a clock prints its time and how many runs it has", async () => {
  const clock = new VirtualClock({ start: 7 });
  assertEquals(Deno.inspect(clock), "VirtualClock { now: 7, runs: 0 }");
  await run(() => {
    assertEquals(Deno.inspect(clock), "VirtualClock { now: 7, runs: 1 }");
  }, { clock });
  assertEquals(Deno.inspect(clock), "VirtualClock { now: 7, runs: 0 }");
});
