import { assert, assertEquals } from "@std/assert";
import {
  cancellable,
  createTask,
  run,
  Runner,
  sleep,
  timeout,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";

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
