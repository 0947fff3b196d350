import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import { openConnection, startServer } from "@asyncio/asyncio/streams";
import {
  cancellable,
  createTask,
  getRunningLoop,
  run,
  Runner,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import {
  cancelEverywhere,
  explore,
  VirtualClock,
} from "@asyncio/asyncio/testing";

const DAY = 86_400_000;

// --- The real world ----------------------------------------------------------

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

// --- Several runs ------------------------------------------------------------

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

// --- A world outside that is silent ------------------------------------------

const never = () => new Promise<never>(() => {});

/** Reads from a peer that says nothing, in a run of `clock`. */
function readFromSilentPeer(clock: VirtualClock): Promise<string> {
  return run(async () => {
    await using server = await startServer(
      async (reader) => void await reader.read(),
      { hostname: "127.0.0.1" },
    );
    const { port } = server.addresses[0] as Deno.NetAddr;
    const { reader, writer } = await openConnection({ port });
    try {
      await timeout(5000, () => reader.readLine());
      return "a line";
    } catch (error) {
      return (error as Error).name;
    } finally {
      writer.abort();
    }
  }, { clock });
}

const SILENT: Record<string, (clock: VirtualClock) => Promise<unknown>> = {
  "a promise that never settles": (clock) =>
    run(
      () =>
        timeout(5000, () => cancellable(never())).catch((error) => error.name),
      {
        clock,
      },
    ),
  "a raw await of a promise that never settles": (clock) =>
    run(async () => {
      let expired = false;
      createTask(() => sleep(5000)).finally(() => expired = true);
      while (!expired) await new Promise((resolve) => setTimeout(resolve));
      return "TimeoutError";
    }, { clock }),
  "a socket whose peer says nothing": readFromSilentPeer,
};

for (const [name, main] of Object.entries(SILENT)) {
  Deno.test(`advance moves the clock while ${name} is waited for`, async () => {
    const clock = new VirtualClock({ autoJump: false });
    const running = main(clock);
    let ended = false;
    running.finally(() => ended = true);
    while (!ended) {
      await clock.advance(1000);
      await new Promise((resolve) => setTimeout(resolve, 1));
    }
    assertEquals(await running, "TimeoutError");
  });

  Deno.test(`with outsideGrace the clock goes on while ${name} is waited for`, async () => {
    const clock = new VirtualClock({ outsideGrace: 20 });
    assertEquals(await main(clock), "TimeoutError");
    assert(clock.now() >= 5000);
  });
}

Deno.test("advance in a run moves the clock for a task beside it that waits for the world outside", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    const task = createTask(() => timeout(5, () => cancellable(never())));
    await clock.advance(1000);
    await assertRejects(async () => await task, TimeoutError);
  }, { clock });
});

Deno.test("outsideGrace counts from the last thing that has happened", async () => {
  const clock = new VirtualClock({ outsideGrace: 200 });
  await run(async () => {
    const sleeper = createTask(() => sleep(10));
    for (let i = 0; i < 5; i++) {
      await cancellable(new Promise((resolve) => setTimeout(resolve, 5)));
      assertEquals(clock.now(), 0);
    }
    await sleeper;
  }, { clock });
});

Deno.test("a clock that stands still for a second says so once, and for what", async () => {
  const clock = new VirtualClock();
  const messages: string[] = [];
  await run(async () => {
    getRunningLoop().setExceptionHandler((_, { message }) =>
      messages.push(message)
    );
    const stop = Promise.withResolvers<void>();
    createTask(() => cancellable(stop.promise), { name: "asks" });
    createTask(async () => await stop.promise, { name: "raw" });
    const sleeper = createTask(() => sleep(10));
    while (messages.length === 0) {
      await new Promise((resolve) => setTimeout(resolve, 300));
    }
    stop.resolve();
    await sleeper;
  }, { clock, cancelReportAfter: Infinity });
  assertEquals(messages.length, 1);
  assert(
    messages[0]!.includes(
      'task "asks" waits for cancellable; task "raw" awaits something that is not from this package',
    ),
    messages[0],
  );
});

for (
  const [name, test] of [
    ["explore", (scenario) => explore(scenario, { runs: 1 })],
    ["cancelEverywhere", (scenario) => cancelEverywhere(scenario, () => {})],
  ] as [string, (scenario: () => Promise<void>) => Promise<unknown>][]
) {
  Deno.test(`${name}: a scenario that stands still is reported to the loop of its caller`, async () => {
    const reported = Promise.withResolvers<string>();
    await run(async () => {
      getRunningLoop().setExceptionHandler((_, { message }) =>
        reported.resolve(message)
      );
      await test(async () => {
        const sleeper = createTask(() => sleep(10));
        await cancellable(reported.promise);
        await sleeper;
      });
    });
    const message = await reported.promise;
    assert(message.includes("stands still"), message);
    assert(message.includes("waits for cancellable"), message);
  });
}

Deno.test("outsideGrace that is no number is refused", () => {
  assertThrows(() => new VirtualClock({ outsideGrace: NaN }), RangeError);
  assertThrows(
    () => new VirtualClock({ outsideGrace: "1" as never }),
    TypeError,
  );
});
