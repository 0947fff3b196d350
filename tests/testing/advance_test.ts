import { assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  gather,
  getRunningLoop,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { VirtualClock } from "@asyncio/asyncio/testing";

const DAY = 86_400_000;

Deno.test("advance moves a clock that is not used", async () => {
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
