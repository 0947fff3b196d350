import { assert, assertEquals, assertFalse } from "@std/assert";
import { Event } from "@asyncio/asyncio/sync";
import { gather, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

Deno.test("an event is set and cleared, as often as one likes", () => {
  const event = new Event();
  assertFalse(event.isSet);
  event.set();
  event.set();
  assert(event.isSet);
  event.clear();
  event.clear();
  assertFalse(event.isSet);
});

Deno.test("waiting for an event that is set gives true, and no other comes in between", async () => {
  const event = new Event();
  event.set();
  let turned = false;
  setTimeout(() => turned = true);
  assertEquals(await event.wait(), true);
  assertFalse(turned);
  await new Promise((resolve) => setTimeout(resolve));
});

Deno.test("set wakes all waits, in order of arrival", async () => {
  const event = new Event();
  const order: number[] = [];
  const waits = [0, 1, 2].map((i) => async () => {
    await event.wait();
    order.push(i);
  });
  const all = gather(waits);
  await sleep(0);
  assertEquals(order, []);
  event.set();
  await all;
  assertEquals(order, [0, 1, 2]);
});

Deno.test("waits that set woke stay woken when clear follows at once", async () => {
  const event = new Event();
  const attempt = new Attempt((options) => event.wait(options));
  event.set();
  event.clear();
  const late = new Attempt((options) => event.wait(options));
  await attempt.task;
  assertEquals([attempt.value, late.outcome], [true, "pending"]);
  late.cancel();
  await late.task;
});

Deno.test("an event shows its state", async () => {
  const event = new Event();
  const waiting = event.wait();
  assertEquals(Deno.inspect(event), "Event { isSet: false, waiting: 1 }");
  event.set();
  await waiting;
  assertEquals(Deno.inspect(event), "Event { isSet: true, waiting: 0 }");
});
