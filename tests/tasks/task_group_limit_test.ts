import { assertEquals, assertRejects } from "@std/assert";
import { createTask, Future, sleep, taskGroup } from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

Deno.test("at most so many children of a limited group run at a time, in order of creation", async () => {
  const started: number[] = [];
  let running = 0;
  let most = 0;
  await taskGroup((group) => {
    for (let i = 0; i < 10; i++) {
      group.createTask(async () => {
        started.push(i);
        most = Math.max(most, ++running);
        await sleep(0);
        running--;
      });
    }
  }, { limit: 3 });
  assertEquals([started.join(""), most], ["0123456789", 3]);
});

Deno.test("a limited group takes synchronous children, and children that make more", async () => {
  const order: string[] = [];
  await taskGroup((group) => {
    group.createTask(() => {
      order.push("a");
      group.createTask(() => void order.push("c"));
    });
    group.createTask(() => void order.push("b"));
  }, { limit: 1 });
  assertEquals(order, ["a", "b", "c"]);
});

Deno.test("children that wait to start never start when a sibling fails", async () => {
  const started: number[] = [];
  const { errors } = await assertRejects(() =>
    taskGroup((group) => {
      for (let i = 0; i < 5; i++) {
        group.createTask(async () => {
          started.push(i);
          await sleep(0);
          if (i === 0) throw new Error("boom");
          await sleep(60_000);
        });
      }
    }, { limit: 2 }), AggregateError);
  assertEquals([started, errors.length], [[0, 1], 1]);
});

Deno.test("the child that is let in by a failing one never starts", async () => {
  const started: number[] = [];
  await assertRejects(() =>
    taskGroup((group) => {
      for (let i = 0; i < 3; i++) {
        group.createTask(() => {
          started.push(i);
          throw new Error("boom");
        });
      }
    }, { limit: 1 }), AggregateError);
  assertEquals(started, [0]);
});

Deno.test("a child that is cancelled while it waits to start leaves its place to the next", async () => {
  const started: string[] = [];
  const gate = new Future<void>();
  await taskGroup(async (group) => {
    group.createTask(async () => await gate);
    const waiting = group.createTask(() => void started.push("cancelled"));
    group.createTask(() => void started.push("next"));
    await turns();
    waiting.cancel();
    await turns();
    gate.setResult();
  }, { limit: 1 });
  assertEquals(started, ["next"]);
});

Deno.test("a child that is cancelled in the turn in which it would be let in passes its place on", async () => {
  const started: string[] = [];
  const gate = new Future<void>();
  await taskGroup(async (group) => {
    group.createTask(async () => await gate);
    const waiting = group.createTask(() => void started.push("cancelled"));
    group.createTask(() => void started.push("next"));
    await turns();
    gate.setResult();
    waiting.cancel();
    await turns();
  }, { limit: 1 });
  assertEquals(started, ["next"]);
});

Deno.test("an eager child of a full group waits like the others", async () => {
  const started: string[] = [];
  await taskGroup(async (group) => {
    group.createTask(async () => {
      started.push("first");
      await sleep(0);
    }, { eager: true });
    group.createTask(() => void started.push("second"), { eager: true });
    assertEquals(started, ["first"]);
    await sleep(0);
  }, { limit: 1 });
  assertEquals(started, ["first", "second"]);
});

Deno.test("a cancel from outside ends a limited group, and those that wait never start", async () => {
  const started: number[] = [];
  const task = createTask(() =>
    taskGroup((group) => {
      for (let i = 0; i < 3; i++) {
        group.createTask(async () => {
          started.push(i);
          await sleep(60_000);
        });
      }
    }, { limit: 1 })
  );
  await turns();
  task.cancel();
  await turns();
  assertEquals([task.cancelled, started], [true, [0]]);
});

Deno.test("Infinity is no limit", async () => {
  let running = 0;
  await taskGroup((group) => {
    for (let i = 0; i < 100; i++) {
      group.createTask(async () => {
        running++;
        await sleep(0);
        assertEquals(running, 100);
      });
    }
  }, { limit: Infinity });
});
