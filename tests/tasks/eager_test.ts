import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  allTasks,
  createTask,
  currentTask,
  sleep,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";

Deno.test("an eager task runs at once up to its first wait, in a task of its own", async () => {
  const order: unknown[] = [];
  const creator = createTask(() => {
    const task = createTask(async () => {
      order.push(
        "first step",
        currentTask() === creator,
        allTasks().has(currentTask()!),
      );
      await sleep(0);
      order.push("second step");
    }, { eager: true });
    order.push("creator", currentTask() === creator, task.done);
    return task;
  });
  await creator;
  assertEquals(order, [
    "first step",
    false,
    true,
    "creator",
    true,
    false,
    "second step",
  ]);
});

Deno.test("an eager task that never waits is done at once", async () => {
  const good = createTask(() => 1, { eager: true });
  assertEquals([good.done, good.result(), allTasks().has(good)], [
    true,
    1,
    false,
  ]);
  const bad = createTask(() => {
    throw new Error("boom");
  }, { eager: true });
  assertEquals(bad.done, true);
  await assertRejects(async () => await bad, Error, "boom");
});

Deno.test("eager tasks nest, and each gives the current task back", async () => {
  const name = () => currentTask()!.name;
  await createTask(() => {
    const names = [name()];
    createTask(() => {
      names.push(name());
      createTask(() => names.push(name()), { eager: true, name: "innermost" });
      names.push(name());
    }, { eager: true, name: "inner" });
    names.push(name());
    assertEquals(names, ["outer", "inner", "innermost", "inner", "outer"]);
  }, { name: "outer" });
});

Deno.test("an eager task can cancel itself, and its first wait throws", async () => {
  const task = createTask(async () => {
    currentTask()!.cancel("myself");
    await sleep(60_000);
  }, { eager: true });
  await turns();
  assert(task.cancelled);
});
