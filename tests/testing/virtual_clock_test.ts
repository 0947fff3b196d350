import {
  assert,
  assertEquals,
  assertFalse,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { Lock } from "@asyncio/asyncio/sync";
import {
  cancellable,
  CancelledError,
  createTask,
  Future,
  gather,
  getRunningLoop,
  moveOnAfter,
  run,
  Runner,
  sleep,
  timeout,
  TimeoutError,
  waitFor,
} from "@asyncio/asyncio/tasks";
import { DeadlockError, VirtualClock } from "@asyncio/asyncio/testing";

const DAY = 86_400_000;

// --- jumping -----------------------------------------------------------------

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
  const real = await run(scenario);
  assertEquals(await run(scenario, { clock: new VirtualClock() }), real);
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

// --- the real world ----------------------------------------------------------

Deno.test("the clock waits for a foreign promise", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const foreign = Promise.withResolvers<void>();
    const sleeper = createTask(() => sleep(10));
    setTimeout(foreign.resolve, 20);
    await foreign.promise;
    assertEquals(clock.now(), 0);
    await sleeper;
  }, { clock });
  assertEquals(clock.now(), 10);
});

Deno.test("the clock waits for a foreign promise that can be cancelled", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const sleeper = createTask(() => sleep(10));
    const foreign = Promise.withResolvers<void>();
    setTimeout(foreign.resolve, 20);
    await cancellable(foreign.promise);
    assertEquals(clock.now(), 0);
    await sleeper;
  }, { clock });
});

Deno.test("the clock waits for a socket", async () => {
  const clock = new VirtualClock();
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  await run(async () => {
    const server = createTask(async () => {
      using conn = await cancellable(listener.accept());
      await new Promise((resolve) => setTimeout(resolve, 5));
      await conn.write(new Uint8Array(1));
    });
    // Were time to jump, this would be over long before the byte is there.
    await timeout(1, async () => {
      using conn = await cancellable(
        Deno.connect({ hostname: "127.0.0.1", port }),
      );
      assertEquals(await cancellable(conn.read(new Uint8Array(8))), 1);
    });
    assertEquals(clock.now(), 0);
    await server;
  }, { clock });
});

Deno.test("the clock waits for a run inside with another clock", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const sleeper = createTask(() => sleep(10));
    await run(() => sleep(5)); // on the real clock
    assertEquals(clock.now(), 0);
    await sleeper;
  }, { clock });
});

Deno.test("no global is touched", async () => {
  const before = [Date, setTimeout, setInterval, performance.now];
  const { wall, mono } = { wall: Date.now(), mono: performance.now() };
  await run(async () => {
    await sleep(DAY);
    assertEquals([Date, setTimeout, setInterval, performance.now], before);
    assert(Date.now() - wall < DAY);
    assert(performance.now() - mono < DAY);
  }, { clock: new VirtualClock() });
});

// --- several runs ------------------------------------------------------------

Deno.test("two runs with a clock each do not disturb each other", async () => {
  const one = new VirtualClock();
  const other = new VirtualClock({ start: 1000 });
  await Promise.all([
    run(() => sleep(DAY), { clock: one }),
    run(() => sleep(1), { clock: other }),
    run(() => sleep(1)),
  ]);
  assertEquals(one.now(), DAY);
  assertEquals(other.now(), 1001);
});

Deno.test("two runs that share a clock take turns in the order of time", async () => {
  const clock = new VirtualClock();
  const order: string[] = [];
  const every = (ms: number, name: string) => async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(ms);
      order.push(`${name} ${clock.now()}`);
    }
  };
  await Promise.all([
    run(every(20, "a"), { clock }),
    run(every(30, "b"), { clock }),
  ]);
  assertEquals(order, ["a 20", "b 30", "a 40", "a 60", "b 60", "b 90"]);
});

Deno.test("runs one after the other go on where the clock stands", async () => {
  const clock = new VirtualClock();
  await using runner = new Runner({ clock });
  await runner.run(() => sleep(10));
  await runner.run(() => sleep(10));
  await run(() => sleep(10), { clock });
  assertEquals(clock.now(), 30);
});

// --- advance -----------------------------------------------------------------

Deno.test("advance moves a clock that nobody uses", async () => {
  const clock = new VirtualClock();
  await clock.advance(100);
  await clock.advance(-5);
  assertEquals(clock.now(), 100);
});

Deno.test("advance fires what is due on the way, in order, with its continuations", async () => {
  const clock = new VirtualClock({ autoJump: false });
  const order: string[] = [];
  const running = run(() =>
    gather([30, 10, 20].map((ms) => async () => {
      await sleep(ms);
      order.push(`${ms} at ${clock.now()}`);
      await Promise.resolve();
      await sleep(0);
      order.push(`after ${ms} at ${clock.now()}`);
    })), { clock });
  await clock.advance(25);
  assertEquals(order, [
    "10 at 10",
    "after 10 at 10",
    "20 at 20",
    "after 20 at 20",
  ]);
  assertEquals(clock.now(), 25);
  await clock.advance(5);
  assertEquals(order.at(-1), "after 30 at 30");
  await running;
});

Deno.test("advance includes what is set on the way", async () => {
  const clock = new VirtualClock({ autoJump: false });
  let ticks = 0;
  const running = run(async () => {
    for (; ticks < 1000; ticks++) await sleep(1);
  }, { clock });
  await clock.advance(999);
  assertEquals(ticks, 999);
  await clock.advance(1);
  await running;
});

Deno.test("without advance a clock that does not jump stands still", async () => {
  const clock = new VirtualClock({ autoJump: false });
  const running = run(() => sleep(10), { clock });
  await new Promise((resolve) => setTimeout(resolve, 20));
  assertEquals(clock.now(), 0);
  await clock.advance(10);
  await running;
});

Deno.test("a task that advances the clock goes on last of all at that time", async () => {
  const clock = new VirtualClock();
  const order: string[] = [];
  await run(async () => {
    getRunningLoop().callLater(10, () => order.push("timer"));
    const advancing = clock.advance(10);
    createTask(async () => {
      await sleep(10);
      await Promise.resolve();
      await sleep(0);
      order.push("sleeper");
    });
    await advancing;
    order.push("advance");
  }, { clock });
  assertEquals(order, ["timer", "sleeper", "advance"]);
});

Deno.test("two that advance the clock are like two that sleep", async () => {
  const clock = new VirtualClock();
  const order: number[] = [];
  await run(() =>
    gather([20, 10].map((ms) => async () => {
      await clock.advance(ms);
      order.push(clock.now());
    })), { clock });
  assertEquals(order, [10, 20]);
});

Deno.test("a task on another clock can advance this one", async () => {
  const [inner, outer] = [new VirtualClock(), new VirtualClock()];
  await run(async () => {
    const sleeper = createTask(() => sleep(DAY));
    await inner.advance(10);
    assertEquals([inner.now(), outer.now()], [10, 0]);
    sleeper.cancel();
  }, { clock: outer });
});

Deno.test("an advance that is cancelled leaves nothing behind", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const task = createTask(() => clock.advance(DAY));
    await sleep(10);
    task.cancel();
    await assertRejects(async () => await task, CancelledError);
    await sleep(10);
  }, { clock });
  assertEquals(clock.now(), 20);
});

Deno.test("a cancel that is pending refuses an advance", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const task = createTask(async () => {
      task.cancel();
      await clock.advance(10);
    });
    await assertRejects(async () => await task, CancelledError);
  }, { clock });
  assertEquals(clock.now(), 0);
});

// --- deadlocks ---------------------------------------------------------------

Deno.test("a deadlock ends the run with who waits for what", async () => {
  const [a, b] = [new Lock(), new Lock()];
  const cleaned: string[] = [];
  const both = async (first: Lock, second: Lock, name: string) => {
    using _ = await first.acquire();
    await sleep(1);
    try {
      using _ = await second.acquire();
    } finally {
      cleaned.push(name);
    }
  };
  const error = await assertRejects(() =>
    run(() =>
      gather([
        createTask(() => both(a, b, "one"), { name: "one" }),
        createTask(() => both(b, a, "two"), { name: "two" }),
      ]), { clock: new VirtualClock() }), DeadlockError);
  assertStringIncludes(error.message, 'task "one" waits for Lock.acquire');
  assertStringIncludes(error.message, 'task "two" waits for Lock.acquire');
  assertEquals(error.blocked.length, 3);
  assertEquals(cleaned.sort(), ["one", "two"]);
  assertFalse(a.locked || b.locked);
});

Deno.test("in debug mode a deadlock says where", async () => {
  async function forgetful() {
    const lock = new Lock();
    await lock.acquire();
    await lock.acquire();
  }
  const error = await assertRejects(
    () => run(forgetful, { clock: new VirtualClock(), debug: true }),
    DeadlockError,
  );
  assertStringIncludes(error.message, "Lock.acquire (at forgetful (file:");
});

Deno.test("a foreign callback that wakes a task in time is no deadlock", async () => {
  const value = await run(() => {
    const future = new Future<string>();
    setTimeout(() => future.setResult("foreign"), 20);
    return future;
  }, { clock: new VirtualClock() });
  assertEquals(value, "foreign");
});

Deno.test("a task that waits forever on purpose is no deadlock", async () => {
  const clock = new VirtualClock();
  const stop = new AbortController();
  setTimeout(() => stop.abort(new Error("enough")), 20);
  await assertRejects(
    () =>
      run(() => gather([() => sleep(Infinity), new Future()]), {
        clock,
        signal: stop.signal,
      }),
    Error,
    "enough",
  );
});

// --- arguments and state -----------------------------------------------------

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
