import { assertEquals } from "@std/assert";
import {
  ContextVar,
  createTask,
  currentTask,
  getRunningLoop,
  Runner,
  sleep,
} from "@asyncio/asyncio/tasks";

/** Who the exception handler finds while `main` runs, and at its end. */
async function foundBy(
  main: (user: ContextVar<string>) => unknown,
): Promise<unknown[]> {
  const found: unknown[] = [];
  const user = new ContextVar("user", { default: "guest" });
  const runner = new Runner();
  runner.loop.setExceptionHandler(() => {
    found.push(user.get(), currentTask()?.name);
  });
  await runner.run(() => main(user));
  await runner.close();
  return found;
}

Deno.test("the exception handler finds the context variables of the callback that failed, and no task", async () => {
  const found = await foundBy(async (user) => {
    user.set("main");
    getRunningLoop().callSoon(() => {
      user.set("callback");
      throw new Error("boom");
    });
    await sleep(0);
  });
  assertEquals(found, ["callback", undefined]);
});

Deno.test("the exception handler finds the context variables of the task that failed", async () => {
  const found = await foundBy(async (user) => {
    const failing = createTask(() => {
      user.set("task");
      throw new Error("boom");
    });
    await sleep(0);
    user.set(`main, after ${failing.name}`);
  });
  assertEquals(found, ["task", undefined]);
});

Deno.test("the exception handler finds the context variables of the task that failed at the end of the run", async () => {
  const found = await foundBy(async (user) => {
    createTask(async () => {
      user.set("leftover");
      await sleep(60_000).catch(() => {
        throw new Error("boom");
      });
    });
    await sleep(0);
  });
  assertEquals(found[0], "leftover");
});

Deno.test("what the exception handler is told by hand comes with the context variables of the task that is named", async () => {
  const found = await foundBy((user) => {
    const task = createTask(() => user.set("task"), { eager: true });
    getRunningLoop().callExceptionHandler({ message: "look", task });
    getRunningLoop().callExceptionHandler({ message: "look" });
  });
  assertEquals([found[0], found[2]], ["task", "guest"]);
});
