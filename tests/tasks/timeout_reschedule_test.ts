import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  createTask,
  currentTask,
  moveOnAfter,
  sleep,
  type Timeout,
  timeout,
  timeoutAt,
  TimeoutError,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("a cancel that was not delivered before the body's end is taken back", () =>
  virtually(async () => {
    const value = await timeout(10, async (scope) => {
      scope.reschedule(now()); // for the next wait, and there is none
      await Promise.resolve();
      return "value";
    });
    assertEquals(value, "value");
    await sleep(0);
    assertEquals(currentTask()!.cancelling, 0);
  }));

Deno.test("reschedule moves the limit, or takes it away", () =>
  virtually(async () => {
    const start = now();
    await assertRejects(() =>
      timeout(10, async (scope) => {
        await sleep(5);
        scope.reschedule(start + 20);
        assertEquals(scope.when, start + 20);
        await sleep(60_000);
      }), TimeoutError);
    assertEquals(now(), start + 20);
    await timeout(10, async (scope) => {
      scope.reschedule(undefined);
      assertEquals(scope.when, undefined);
      await sleep(60_000);
      scope.reschedule(Infinity);
      await sleep(1);
      assertEquals(scope.expired, false);
    });
  }));

Deno.test("reschedule to the past ends the body at its next wait", () =>
  virtually(async () => {
    const seen: string[] = [];
    await assertRejects(() =>
      timeout(undefined, async (scope) => {
        scope.reschedule(now() - 1);
        seen.push("goes on");
        await sleep(0);
        seen.push("not reached");
      }), TimeoutError);
    assertEquals(seen, ["goes on"]);
  }));

Deno.test("a timeout can be rescheduled by another task", () =>
  virtually(async () => {
    const start = now();
    await assertRejects(() =>
      timeout(undefined, async (scope) => {
        createTask(async () => {
          await sleep(5);
          scope.reschedule(now() + 5);
        });
        await sleep(60_000);
      }), TimeoutError);
    assertEquals(now(), start + 10);
  }));

Deno.test("a timeout that has expired or is over cannot be rescheduled", () =>
  virtually(async () => {
    let kept!: Timeout;
    await timeout(10, async (scope) => {
      kept = scope;
      await sleep(60_000).catch(() => {});
      assertThrows(() => scope.reschedule(now() + 10), Error, "expired");
      assertThrows(() => scope.reschedule(undefined), Error, "expired");
    });
    assertThrows(() => kept.reschedule(1), Error, "over");
    await timeout(10, (scope) => {
      kept = scope;
    });
    assertThrows(() => kept.reschedule(undefined), Error, "over");
    assertEquals(kept.expired, false);
    await sleep(20);
    assertEquals(kept.expired, false);
  }));

Deno.test("bad input to a timeout is refused before the body runs", async () => {
  let ran = false;
  const body = () => void (ran = true);
  for (const limit of [timeout, timeoutAt, moveOnAfter]) {
    await assertRejects(() => limit(NaN, body), RangeError);
    for (const bad of ["5", null, {}] as never[]) {
      await assertRejects(() => limit(bad, body), TypeError);
    }
    for (const bad of [undefined, Promise.resolve(1), {}] as never[]) {
      await assertRejects(() => limit(5, bad), TypeError, "function");
    }
  }
  await timeout(5, (scope) => {
    const { when } = scope;
    assertThrows(() => scope.reschedule(NaN), RangeError);
    assertEquals(scope.when, when);
  });
  assertEquals(ran, false);
});
