import { assert, assertEquals, assertRejects, assertThrows } from "@std/assert";
import {
  LifoQueue,
  PriorityQueue,
  Queue,
  QueueShutDownError,
} from "@asyncio/asyncio/queue";
import { gather, sleep } from "@asyncio/asyncio/tasks";
import { Attempt } from "../_helpers/attempt.ts";

for (const Class of [Queue, LifoQueue, PriorityQueue]) {
  const { name } = Class;

  Deno.test(`${name}: after shutdown, put throws QueueShutDownError with the item`, async () => {
    const queue = new Class<string>();
    assertEquals(queue.isShutdown, false);
    queue.shutdown();
    assertEquals(queue.isShutdown, true);
    const error = await assertRejects(
      () => queue.put("late"),
      QueueShutDownError,
    );
    assertEquals([error.item, error.name], ["late", "QueueShutDownError"]);
    const thrown = assertThrows(
      () => queue.putNowait("later"),
      QueueShutDownError,
    );
    assertEquals(thrown.item, "later");
  });

  Deno.test(`${name}: a full queue that is shut down says that it is shut down`, () => {
    const queue = new Class<number>(1);
    queue.putNowait(1);
    queue.shutdown();
    assertThrows(() => queue.putNowait(2), QueueShutDownError);
  });

  Deno.test(`${name}: after shutdown, what is there can be got, and then get throws`, async () => {
    const queue = new Class<number>();
    queue.putNowait(1);
    queue.putNowait(1);
    queue.shutdown();
    assertEquals([await queue.get(), queue.getNowait()], [1, 1]);
    const error = await assertRejects(() => queue.get(), QueueShutDownError);
    assert(!("item" in error) || error.item === undefined);
    assertThrows(() => queue.getNowait(), QueueShutDownError);
  });

  Deno.test(`${name}: shutdown ends the gets that wait`, async () => {
    const queue = new Class<number>();
    const attempts = [1, 2].map(() =>
      new Attempt((options) => queue.get(options))
    );
    queue.shutdown();
    await gather(attempts.map((it) => it.task));
    for (const it of attempts) assertEquals(it.outcome, "QueueShutDownError");
  });

  Deno.test(`${name}: shutdown ends the puts that wait, each with its item`, async () => {
    const queue = new Class<number>(1);
    queue.putNowait(0);
    const first = assertRejects(() => queue.put(1), QueueShutDownError);
    const second = assertRejects(() => queue.put(2), QueueShutDownError);
    queue.shutdown();
    assertEquals([(await first).item, (await second).item], [1, 2]);
    assertEquals([queue.getNowait(), queue.size], [0, 0]);
  });

  Deno.test(`${name}: what was handed over before the shutdown in the same turn is had`, async () => {
    const queue = new Class<number>();
    const attempt = new Attempt((options) => queue.get(options));
    queue.putNowait(1);
    queue.shutdown(true);
    await attempt.task;
    assertEquals(attempt.value, 1);
  });

  Deno.test(`${name}: after shutdown, join waits for what is there`, async () => {
    const queue = new Class<number>();
    queue.putNowait(1);
    const join = new Attempt((options) => queue.join(options));
    queue.shutdown();
    await sleep(0);
    assertEquals(join.outcome, "pending");
    await queue.get();
    queue.taskDone();
    await join.task;
  });

  Deno.test(`${name}: an immediate shutdown drops the items and counts them as done`, async () => {
    const queue = new Class<number>();
    queue.putNowait(1);
    queue.putNowait(2);
    const join = new Attempt((options) => queue.join(options));
    queue.shutdown(true);
    assertEquals(queue.size, 0);
    await join.task;
    assertThrows(() => queue.taskDone(), RangeError);
    await assertRejects(() => queue.get(), QueueShutDownError);
  });

  Deno.test(`${name}: an immediate shutdown leaves what was taken to be done`, async () => {
    const queue = new Class<number>();
    queue.putNowait(1);
    queue.putNowait(2);
    await queue.get();
    queue.shutdown(true);
    const join = new Attempt((options) => queue.join(options));
    await sleep(0);
    assertEquals(join.outcome, "pending");
    queue.taskDone();
    await join.task;
  });

  Deno.test(`${name}: an immediate shutdown counts no item twice that was reported too early`, async () => {
    const queue = new Class<number>();
    queue.putNowait(1);
    queue.putNowait(2);
    queue.taskDone();
    queue.taskDone();
    queue.shutdown(true);
    await queue.join();
    assertThrows(() => queue.taskDone(), RangeError);
  });

  Deno.test(`${name}: a shutdown whose argument is no boolean is refused, and changes nothing`, () => {
    const queue = new Class<number>();
    for (const immediate of [1, "no", { immediate: 0 }]) {
      assertThrows(
        () => queue.shutdown(immediate as never),
        TypeError,
        "Cannot shut down: immediate is true or false, received",
      );
    }
    assertEquals(queue.isShutdown, false);
  });

  Deno.test(`${name}: shutdown can be repeated, and made immediate later`, async () => {
    const queue = new Class<number>();
    queue.putNowait(1);
    queue.shutdown();
    queue.shutdown();
    assertEquals(queue.size, 1);
    queue.shutdown(true);
    assertEquals(queue.size, 0);
    queue.shutdown();
    await queue.join();
  });

  Deno.test(`${name}: \`await using\` shuts it down and drops what is in it`, async () => {
    const queue = new Class<number>(1);
    const putting = await (async () => {
      await using it = queue;
      it.putNowait(1);
      return [it.put(2)];
    })();
    await assertRejects(() => putting[0]!, QueueShutDownError);
    assertEquals([queue.size, queue.isShutdown], [0, true]);
  });
}
