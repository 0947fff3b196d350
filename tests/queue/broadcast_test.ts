import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  Broadcast,
  LaggedError,
  QueueEmptyError,
  QueueShutDownError,
  type Subscription,
} from "@asyncio/asyncio/queue";
import {
  createTask,
  gather,
  getRunningLoop,
  sleep,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";
import { reportsOf } from "../_helpers/reports.ts";

/** What is there to take, without waiting. */
function drain<T>(subscription: Subscription<T>): T[] {
  const items: T[] = [];
  while (true) {
    try {
      items.push(subscription.getNowait());
    } catch {
      return items;
    }
  }
}

async function publish<T>(broadcast: Broadcast<T>, items: T[]): Promise<void> {
  for (const item of items) await broadcast.publish(item);
}

function outcomes(attempts: Attempt[]): string[] {
  return attempts.map((it) => it.outcome);
}

// --- who gets what -------------------------------------------------------------

Deno.test("every subscriber gets every item, in order", async () => {
  const broadcast = new Broadcast<number>();
  const subscriptions = [1, 2, 3].map(() => broadcast.subscribe());
  await publish(broadcast, [1, 2, 3]);
  for (const it of subscriptions) assertEquals(drain(it), [1, 2, 3]);
});

Deno.test("a subscriber gets what is published from then on, and until it ends", async () => {
  const broadcast = new Broadcast<number>();
  await broadcast.publish(1); // there is no subscriber
  const early = broadcast.subscribe();
  await broadcast.publish(2);
  const late = broadcast.subscribe();
  await broadcast.publish(3);
  assertEquals(drain(late), [3]);
  late[Symbol.dispose]();
  await broadcast.publish(4);
  assertEquals(drain(early), [2, 3, 4]);
  assertEquals(broadcast.subscribers, 1);
});

Deno.test("an item goes straight to the calls that wait for one", async () => {
  const broadcast = new Broadcast<string>();
  const subscriptions = [1, 2].map(() => broadcast.subscribe({ maxSize: 1 }));
  const gets = subscriptions.map((it) => it.get());
  await publish(broadcast, ["a", "b"]);
  assertEquals(await gather(gets), ["a", "a"]);
  assertEquals(subscriptions.map(drain), [["b"], ["b"]]);
});

Deno.test("several calls that wait on one subscription share its items, in order", async () => {
  const broadcast = new Broadcast<number>();
  const subscription = broadcast.subscribe();
  const gets = [1, 2, 3].map(() => subscription.get());
  await publish(broadcast, [1, 2, 3]);
  assertEquals(await gather(gets), [1, 2, 3]);
});

Deno.test("a get that is cancelled takes nothing", async () => {
  const broadcast = new Broadcast<number>();
  const subscription = broadcast.subscribe();
  const [first, second] = [1, 2].map(() =>
    new Attempt((options) => subscription.get(options))
  ) as [Attempt, Attempt];
  first.cancel();
  await broadcast.publish(1);
  await gather([first.task, second.task]);
  assertEquals([first.outcome, second.value], ["cancelled", 1]);
});

Deno.test("replay gives the last items that the broadcast has kept, at most", async () => {
  const broadcast = new Broadcast<number>({ replay: 3 });
  const early = broadcast.subscribe({ replay: 3 });
  await publish(broadcast, [1, 2, 3, 4, 5]);
  assertEquals(drain(early), [1, 2, 3, 4, 5]);
  for (
    const [options, expected] of [
      [{}, []],
      [{ replay: 0 }, []],
      [{ replay: 2 }, [4, 5]],
      [{ replay: 10 }, [3, 4, 5]],
      [{ replay: 10, maxSize: 2 }, [4, 5]],
      [{ replay: 10, maxSize: 2, overflow: "fail" }, [4, 5]],
      [{ replay: 10, maxSize: 2, overflow: "dropOldest" }, [4, 5]],
    ] as const
  ) {
    const subscription = broadcast.subscribe(options);
    assertEquals([drain(subscription), subscription.missed], [
      [...expected],
      0,
    ]);
    subscription[Symbol.dispose]();
  }
  const none = new Broadcast<number>();
  await none.publish(1);
  assertEquals(drain(none.subscribe({ replay: 5 })), []);
});

Deno.test("what is replayed takes up room: publishers wait until it is read", async () => {
  const broadcast = new Broadcast<number>({ replay: 2 });
  await publish(broadcast, [1, 2]);
  using subscription = broadcast.subscribe({ replay: 2, maxSize: 2 });
  const attempt = new Attempt((options) => broadcast.publish(3, options));
  await sleep(0);
  assertEquals(attempt.outcome, "pending");
  assertEquals(subscription.getNowait(), 1);
  await attempt.task;
  assertEquals(drain(subscription), [2, 3]);
});

// --- those who are too slow ----------------------------------------------------

Deno.test("publish waits for the slowest, and then reaches all at once", async () => {
  const broadcast = new Broadcast<number>();
  const fast = broadcast.subscribe({ maxSize: 10 });
  const slow = broadcast.subscribe({ maxSize: 1 });
  await broadcast.publish(1);
  const attempts = [2, 3].map((item) =>
    new Attempt((options) => broadcast.publish(item, options))
  );
  assertEquals(
    Deno.inspect(broadcast),
    "Broadcast { subscribers: 2, publishers: 2 }",
  );
  assertEquals(drain(fast), [1]);
  await sleep(0);
  assertEquals(outcomes(attempts), ["pending", "pending"]);
  assertEquals(await slow.get(), 1);
  assertEquals(drain(fast), [2]);
  await sleep(0);
  assertEquals(outcomes(attempts), ["value", "pending"]);
  assertEquals(await slow.get(), 2);
  await attempts[1]!.task;
  assertEquals([drain(fast), drain(slow)], [[3], [3]]);
});

for (const giveUp of ["cancel", "abort"] as const) {
  Deno.test(`a publish given up by ${giveUp} reaches no subscriber, and the next one moves up`, async () => {
    const broadcast = new Broadcast<number>();
    const fast = broadcast.subscribe();
    const slow = broadcast.subscribe({ maxSize: 1 });
    await broadcast.publish(1);
    const attempts = [2, 3].map((item) =>
      new Attempt((options) => broadcast.publish(item, options))
    );
    attempts[0]![giveUp]();
    assertEquals(drain(slow), [1, 3]);
    await attempts[1]!.task;
    assertEquals(drain(fast), [1, 3]);
  });

  Deno.test(`a publish let in before the ${giveUp} in the same turn has reached all`, async () => {
    const broadcast = new Broadcast<number>();
    const fast = broadcast.subscribe();
    const slow = broadcast.subscribe({ maxSize: 1 });
    await broadcast.publish(1);
    const attempt = new Attempt((options) => broadcast.publish(2, options));
    slow.getNowait();
    attempt[giveUp]();
    await attempt.task.catch(() => {});
    assertEquals(attempt.outcome, "value");
    assertEquals([drain(fast), drain(slow)], [[1, 2], [2]]);
  });
}

Deno.test("when the slowest ends, publishers go on", async () => {
  const broadcast = new Broadcast<number>();
  const fast = broadcast.subscribe();
  const slow = broadcast.subscribe({ maxSize: 1 });
  await broadcast.publish(1);
  const attempt = new Attempt((options) => broadcast.publish(2, options));
  slow[Symbol.dispose]();
  slow[Symbol.dispose](); // harmless
  await attempt.task;
  assertEquals([drain(fast), broadcast.subscribers], [[1, 2], 1]);
});

Deno.test("dropOldest: the subscriber misses the oldest, and publishers do not wait", async () => {
  const broadcast = new Broadcast<number>();
  const it = broadcast.subscribe({ maxSize: 2, overflow: "dropOldest" });
  await publish(broadcast, [1, 2, 3, 4, 5]);
  assertEquals([drain(it), it.missed], [[4, 5], 3]);
  await broadcast.publish(6);
  assertEquals([await it.get(), it.missed], [6, 3]);
});

Deno.test("fail: what it has is still given, and then every get rejects with LaggedError", async () => {
  const broadcast = new Broadcast<number>();
  const other = broadcast.subscribe();
  const it = broadcast.subscribe({ maxSize: 2, overflow: "fail" });
  await publish(broadcast, [1, 2, 3, 4]);
  assertEquals(it.missed, 2);
  assertEquals([await it.get(), it.getNowait()], [1, 2]);
  await broadcast.publish(5); // though there would be room
  const error = await assertRejects(() => it.get(), LaggedError, "missed 3");
  assertEquals([error.name, error.missed], ["LaggedError", 3]);
  assertThrows(() => it.getNowait(), LaggedError);
  await assertRejects(() => Array.fromAsync(it), LaggedError);
  await assertRejects(() => Array.fromAsync(it.readable), LaggedError);
  assertEquals(drain(other), [1, 2, 3, 4, 5]);
  assertEquals(broadcast.subscribers, 2);
  it[Symbol.dispose]();
  assertEquals(broadcast.subscribers, 1);
});

Deno.test("fail: one that has lagged and been shut down still says that it has lagged", async () => {
  const broadcast = new Broadcast<number>();
  const it = broadcast.subscribe({ maxSize: 1, overflow: "fail" });
  await publish(broadcast, [1, 2]);
  broadcast.shutdown();
  assertEquals(await it.get(), 1);
  await assertRejects(() => it.get(), LaggedError);
});

Deno.test("without a bound no subscriber is too slow", async () => {
  const broadcast = new Broadcast<number>();
  const all = (["wait", "dropOldest", "fail"] as const).map((overflow) =>
    broadcast.subscribe({ overflow })
  );
  await publish(broadcast, Array.from({ length: 1000 }, (_, i) => i));
  for (const it of all) assertEquals([drain(it).length, it.missed], [1000, 0]);
});

// --- iterating, streams --------------------------------------------------------

Deno.test("iterating ends with the broadcast, after what has been published", async () => {
  const broadcast = new Broadcast<number>();
  const seen: number[][] = [];
  await taskGroup(async (group) => {
    for (let i = 0; i < 3; i++) {
      const subscription = broadcast.subscribe({ maxSize: 1 });
      group.createTask(async () => {
        seen.push(await Array.fromAsync(subscription));
      });
    }
    await publish(broadcast, [1, 2, 3]);
    broadcast.shutdown();
  });
  assertEquals(seen, [[1, 2, 3], [1, 2, 3], [1, 2, 3]]);
});

Deno.test("leaving a loop does not end the subscription, disposing it does", async () => {
  const broadcast = new Broadcast<number>();
  {
    using subscription = broadcast.subscribe();
    await publish(broadcast, [1, 2]);
    for await (const item of subscription) {
      assertEquals(item, 1);
      break;
    }
    assertEquals([await subscription.get(), broadcast.subscribers], [2, 1]);
  }
  assertEquals(broadcast.subscribers, 0);
});

Deno.test("disposing a subscription ends what waits on it", async () => {
  const broadcast = new Broadcast<number>();
  const subscription = broadcast.subscribe();
  const get = new Attempt((options) => subscription.get(options));
  const next = subscription[Symbol.asyncIterator]().next();
  const read = subscription.readable.getReader().read();
  subscription[Symbol.dispose]();
  await get.task;
  assertEquals(get.outcome, "QueueShutDownError");
  assertEquals([(await next).done, (await read).done], [true, true]);
  await assertRejects(() => subscription.get(), QueueShutDownError);
});

Deno.test("disposing a subscription drops the items that it held", async () => {
  const broadcast = new Broadcast<number>();
  const subscription = broadcast.subscribe();
  await publish(broadcast, [1, 2]);
  subscription[Symbol.dispose]();
  assertThrows(() => subscription.getNowait(), QueueShutDownError);
  await assertRejects(() => subscription.get(), QueueShutDownError);
});

Deno.test("a subscription is a stream, with the subscription's own backpressure", async () => {
  const broadcast = new Broadcast<string>();
  const subscription = broadcast.subscribe({ maxSize: 1 });
  const text = new Response(
    subscription.readable.pipeThrough(new TextEncoderStream()),
  ).text();
  await publish(broadcast, ["to", " be", " or"]);
  broadcast.shutdown();
  assertEquals(await text, "to be or");
});

Deno.test("cancelling the stream ends the subscription, so that no publish waits for it", async () => {
  const broadcast = new Broadcast<number>();
  const { readable } = broadcast.subscribe({ maxSize: 1 });
  const reader = readable.getReader();
  const read = reader.read();
  await broadcast.publish(1);
  assertEquals((await read).value, 1);
  await broadcast.publish(2);
  const attempt = new Attempt((options) => broadcast.publish(3, options));
  await sleep(0);
  assertEquals(attempt.outcome, "pending");
  await reader.cancel();
  await attempt.task;
  assertEquals(broadcast.subscribers, 0);
});

Deno.test("what foreign code publishes while an item is delivered comes after it, at every subscriber", async () => {
  const broadcast = new Broadcast<number>();
  const first = broadcast.subscribe();
  const published: Promise<void>[] = [];
  const late: Subscription<number>[] = [];
  const stream = broadcast.subscribe().readable.pipeTo(
    new WritableStream({
      write(item) {
        if (item !== 1) return;
        published.push(broadcast.publish(2));
        late.push(broadcast.subscribe());
      },
    }),
  );
  const last = broadcast.subscribe();
  await sleep(0); // the stream asks for its first item
  await broadcast.publish(1);
  await sleep(0);
  await gather(published);
  broadcast.shutdown();
  await stream;
  assertEquals([drain(first), drain(last)], [[1, 2], [1, 2]]);
  assert(!drain(late[0]!).includes(1));
});

// --- the end, and the arguments ------------------------------------------------

Deno.test("shutting down rejects calls of publish, those that wait and later ones, with their items", async () => {
  const broadcast = new Broadcast<number>();
  const subscription = broadcast.subscribe({ maxSize: 1 });
  await broadcast.publish(1);
  const waiting = broadcast.publish(2);
  broadcast.shutdown();
  broadcast.shutdown(); // harmless
  for (const late of [waiting, broadcast.publish(3)]) {
    const error = await assertRejects(() => late, QueueShutDownError);
    assertEquals(error.item, late === waiting ? 2 : 3);
  }
  assertEquals(await subscription.get(), 1);
  await assertRejects(() => subscription.get(), QueueShutDownError);
  assertEquals(
    Deno.inspect(broadcast),
    "Broadcast { subscribers: 1, publishers: 0, isShutdown: true }",
  );
});

Deno.test("subscribing after the end gives what is replayed, and ends", async () => {
  const broadcast = new Broadcast<number>({ replay: 2 });
  await publish(broadcast, [1, 2, 3]);
  broadcast.shutdown();
  using subscription = broadcast.subscribe({ replay: 2 });
  assertEquals(await Array.fromAsync(subscription), [2, 3]);
});

Deno.test("an empty subscription says so", () => {
  const subscription = new Broadcast<number>().subscribe();
  assertThrows(() => subscription.getNowait(), QueueEmptyError);
});

Deno.test("an item with a then is refused, and reaches no subscriber", async () => {
  const broadcast = new Broadcast<unknown>();
  const subscription = broadcast.subscribe();
  await assertRejects(() => broadcast.publish(Promise.resolve(1)), TypeError);
  assertEquals(drain(subscription), []);
});

Deno.test("options that a broadcast can't have are refused, and subscribe nothing", () => {
  const broadcast = new Broadcast<number>();
  type Options = Parameters<typeof broadcast.subscribe>[0];
  const subscribe = (options: unknown) => () =>
    broadcast.subscribe(options as Options);
  for (const overflow of ["dropNewest", 1, null]) {
    assertThrows(subscribe({ overflow }), TypeError, "overflow");
  }
  assertThrows(subscribe({ maxSize: "1" }), TypeError);
  assertThrows(subscribe({ maxSize: NaN }), RangeError);
  assertThrows(subscribe({ replay: "1" }), TypeError);
  for (const replay of [-1, 1.5, NaN, Infinity]) {
    assertThrows(subscribe({ replay }), RangeError);
    assertThrows(() => new Broadcast({ replay }), RangeError);
  }
  for (const options of [5, "wait", null]) {
    const message = "options are an object, received";
    assertThrows(subscribe(options), TypeError, message);
    assertThrows(() => new Broadcast(options as never), TypeError, message);
  }
  assertEquals(broadcast.subscribers, 0);
});

Deno.test("a subscription shows its state", async () => {
  const broadcast = new Broadcast<number>();
  const it = broadcast.subscribe({ maxSize: 1, overflow: "dropOldest" });
  await publish(broadcast, [1, 2]);
  assertEquals(
    Deno.inspect(it),
    "Subscription { size: 1, getters: 0, missed: 1 }",
  );
});

Deno.test("in debug mode items that a subscription has left after the shutdown are reported", async () => {
  const reports = await reportsOf(async () => {
    getRunningLoop().debug = true;
    const broadcast = new Broadcast<number>();
    const [read, unread] = [broadcast.subscribe(), broadcast.subscribe()];
    await broadcast.publish(1);
    broadcast.shutdown();
    drain(read);
    void unread;
  });
  assertEquals(reports.map((it) => it.message), [
    "A subscription was shut down, and 1 item in it was never taken",
  ]);
});

Deno.test("a thousand subscribers at their own pace, which come and go", async () => {
  const broadcast = new Broadcast<number>();
  const items = Array.from({ length: 50 }, (_, i) => i);
  let complete = 0;
  const readers = Array.from({ length: 1000 }, (_, i) => {
    const subscription = broadcast.subscribe({ maxSize: 1 + i % 3 });
    return createTask(async () => {
      using it = subscription;
      let next = 0;
      for await (const item of it) {
        assertEquals(item, next++);
        if (i % 5 === 0) await sleep(0);
        if (i % 7 === 0 && item === 25) return;
      }
      assertEquals(next, 50);
      complete++;
    });
  });
  await publish(broadcast, items);
  broadcast.shutdown();
  await gather(readers);
  assertEquals([complete, broadcast.subscribers], [857, 0]);
});
