import { assertEquals, assertRejects } from "@std/assert";
import {
  createTask,
  currentTask,
  isCancelled,
  run,
  shielded,
  sleep,
  type Task,
  taskGroup,
  timeout,
} from "@asyncio/asyncio/tasks";
import { Event } from "@asyncio/asyncio/sync";
import { Queue } from "@asyncio/asyncio/queue";
import { VirtualClock } from "@asyncio/asyncio/testing";
import { virtually } from "../_helpers/virtually.ts";

const BLOCKS = {
  timeout: (body: () => unknown) => timeout(60_000, body),
  group: (body: () => unknown) => taskGroup(body),
  shield: (body: () => unknown) => shielded(body),
};

/** How `promise` ends, in a word. */
async function ending(promise: PromiseLike<unknown>): Promise<string> {
  try {
    await promise;
    return "done";
  } catch (error) {
    return isCancelled(error) ? "cancelled" : "failed";
  }
}

Deno.test("a cancel asked for by the code that has caught the one before ends its next wait", async () => {
  const event = new Event();
  const task: Task<void> = createTask(async () => {
    try {
      await event.wait();
    } catch {
      task.cancel("second");
    }
    await event.wait();
  });
  await sleep(0);
  task.cancel("first");
  await assertRejects(async () => await task, Error, "second");
  assertEquals(task.cancelling, 2);
});

for (const [name, block] of Object.entries(BLOCKS)) {
  Deno.test(`a cancel asked for in a ${name} that is opened where the one before was caught ends the next wait`, () =>
    virtually(async () => {
      const event = new Event();
      const task = createTask(async () => {
        await event.wait().catch(() => {});
        await block(() => currentTask()!.cancel("second"));
        await sleep(1);
      });
      await sleep(0);
      task.cancel("first");
      await assertRejects(async () => await task, Error, "second");
      assertEquals(task.cancelling, 2);
    }));
}

Deno.test("a cancel by an eager child that is made where the one before was caught ends the next wait", () =>
  virtually(async () => {
    const event = new Event();
    const task: Task<void> = createTask(async () => {
      await event.wait().catch(() => {});
      createTask(() => task.cancel("second"), { eager: true });
      await sleep(1);
    });
    await sleep(0);
    task.cancel("first");
    await assertRejects(async () => await task, Error, "second");
  }));

Deno.test("a task that cancels itself, catches it and takes it back can do so again and again", async () => {
  const endings = await createTask(async () => {
    const me = currentTask()!;
    const queue = new Queue<number>();
    for (let i = 0; i < 10; i++) queue.putNowait(i);
    const endings = [];
    for (let i = 0; i < 3; i++) {
      me.cancel();
      endings.push(await ending(queue.get()));
      me.uncancel();
      me.cancel();
      endings.push(await ending(sleep(0)));
      me.uncancel();
    }
    assertEquals(queue.size, 10);
    return endings;
  });
  assertEquals(endings, Array(6).fill("cancelled"));
});

Deno.test("a cancel from elsewhere ends the wait that was begun after the one before was caught", async () => {
  const event = new Event();
  let ended = "";
  const task = createTask(async () => {
    await ending(event.wait());
    ended = await ending(event.wait());
  });
  await sleep(0);
  task.cancel();
  await null;
  await null; // it has gone on, and stands in its second wait
  task.cancel();
  await sleep(0);
  assertEquals(ended, "cancelled");
  task.cancel();
  event.set();
});

Deno.test("a cancel that comes while the code awaits something foreign, after one before, ends its next wait", async () => {
  const foreign = Promise.withResolvers<void>();
  const task = createTask(async () => {
    await sleep(60_000).catch(() => foreign.promise);
    await sleep(0);
  });
  await sleep(0);
  task.cancel("first");
  await sleep(0);
  task.cancel("second");
  foreign.resolve();
  await assertRejects(async () => await task, Error, "second");
});

Deno.test("a second cancel is the same one until the code has gone on that awaits what two thens have made of the wait", async () => {
  const queue = new Queue<number>();
  const task = createTask(async () => {
    const same = <T>(value: T) => value;
    const got = await ending(queue.get().then(same).then(same));
    await sleep(0); // its clean-up
    return got;
  });
  await sleep(0);
  task.cancel();
  await null;
  await null; // the rejection has passed both; the code has not gone on
  task.cancel();
  assertEquals(await task, "cancelled");
});

Deno.test("children never start where the body throws at once", async () => {
  let started = 0;
  await assertRejects(() =>
    taskGroup((group) => {
      group.createTask(() => started++);
      throw new RangeError();
    }), AggregateError);
  assertEquals(started, 0);
});

Deno.test("children never start where the body fails before its first wait", async () => {
  let started = 0;
  await run(async () => {
    await sleep(1);
    await assertRejects(() =>
      // deno-lint-ignore require-await -- its promise is what fails
      taskGroup(async (group) => {
        group.createTask(() => started++);
        throw new RangeError();
      }), AggregateError);
  }, { clock: new VirtualClock() });
  assertEquals(started, 0);
});
