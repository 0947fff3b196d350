import { assert, assertEquals, assertFalse, assertRejects } from "@std/assert";
import { Event, Lock } from "@asyncio/asyncio/sync";
import {
  cancellable,
  CancelledError,
  createTask,
  gather,
  run,
  sleep,
} from "@asyncio/asyncio/tasks";
import { VirtualClock, waitAllTasksBlocked } from "@asyncio/asyncio/testing";

Deno.test("it waits until the others stand in their lines", async () => {
  await run(async () => {
    const lock = new Lock();
    using _ = await lock.acquire();
    let waiting = 0;
    for (let i = 0; i < 3; i++) {
      createTask(async () => {
        for (let turn = 0; turn <= i; turn++) await sleep(0);
        waiting++;
        await lock.acquire();
      });
    }
    await waitAllTasksBlocked();
    assertEquals(waiting, 3);
  });
});

Deno.test("alone, it has nothing to wait for", async () => {
  await run(() => waitAllTasksBlocked());
});

Deno.test("more tasks than a turn may wake go through it", async () => {
  await run(async () => {
    const event = new Event();
    let woken = 0;
    for (let i = 0; i < 1000; i++) {
      createTask(async () => {
        await event.wait();
        woken++;
        await sleep(Infinity);
      });
    }
    await waitAllTasksBlocked();
    event.set();
    await waitAllTasksBlocked();
    assertEquals(woken, 1000);
  });
});

Deno.test("a sleep counts as waiting, on the real clock", async () => {
  await run(async () => {
    const sleeper = createTask(() => sleep(60_000));
    await waitAllTasksBlocked();
    assertFalse(sleeper.done);
  });
});

Deno.test("a virtual clock does not jump before it has ended", async () => {
  const clock = new VirtualClock();
  await run(async () => {
    createTask(() => sleep(1));
    for (let i = 0; i < 3; i++) await waitAllTasksBlocked();
    assertEquals(clock.now(), 0);
    await sleep(1);
  }, { clock });
  assertEquals(clock.now(), 1);
});

Deno.test("a wait for the world outside counts as waiting", async () => {
  await run(async () => {
    const outside = Promise.withResolvers<void>();
    const task = createTask(() => cancellable(outside.promise));
    await waitAllTasksBlocked();
    assertFalse(task.done);
    outside.resolve();
    await task;
  });
});

Deno.test("a task that waits for a foreign promise counts as running", async () => {
  await run(async () => {
    let over = false;
    createTask(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      over = true;
    });
    await waitAllTasksBlocked();
    assert(over);
  });
});

Deno.test("two may wait for it side by side", async () => {
  await run(() => gather([waitAllTasksBlocked, waitAllTasksBlocked]));
});

Deno.test("one that is given up does not disturb the other", async () => {
  await run(async () => {
    let over = false;
    createTask(async () => {
      await new Promise((resolve) => setTimeout(resolve, 10));
      over = true;
    });
    const first = createTask(waitAllTasksBlocked);
    const second = createTask(waitAllTasksBlocked);
    await sleep(0);
    first.cancel();
    await assertRejects(async () => await first, CancelledError);
    await second;
    assert(over);
  });
});

Deno.test("a cancel that is pending refuses it", async () => {
  await run(async () => {
    const task = createTask(async () => {
      task.cancel();
      await waitAllTasksBlocked();
    });
    await assertRejects(async () => await task, CancelledError);
  });
});

Deno.test("it works outside of any task", async () => {
  let over = false;
  const task = createTask(async () => {
    await sleep(0);
    over = true;
  });
  await waitAllTasksBlocked();
  assert(over);
  await task;
});
