import { assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  ContextVar,
  createTask,
  Future,
  getRunningLoop,
  sleep,
} from "@asyncio/asyncio/tasks";
import { turns } from "../_helpers/turns.ts";
import { virtually } from "../_helpers/virtually.ts";

Deno.test("a done callback that takes another back comes too late once both are due", async () => {
  const future = new Future<void>();
  const seen: unknown[] = [];
  const third = () => seen.push("third");
  future.addDoneCallback(() => seen.push(future.removeDoneCallback(third)));
  future.addDoneCallback(() => seen.push("second"));
  future.addDoneCallback(third);
  future.setResult();
  assertEquals(seen, []);
  await turns();
  assertEquals(seen, [0, "second", "third"]);
});

Deno.test("a done callback that adds another has it called after those that are due", async () => {
  const future = new Future<void>();
  const seen: unknown[] = [];
  future.addDoneCallback(() => {
    future.addDoneCallback(() => seen.push("added"));
    seen.push("first");
  });
  future.addDoneCallback(() => seen.push("second"));
  future.setResult();
  await turns();
  assertEquals(seen, ["first", "second", "added"]);
});

Deno.test("what a done callback sets, the task that added it does not see", () =>
  virtually(async () => {
    const user = new ContextVar("user", { default: "guest" });
    const seen: string[] = [];
    for (const name of ["ada", "grace"]) {
      user.set(name);
      const future = new Future<void>();
      future.addDoneCallback(() => {
        seen.push(user.get());
        user.set("callback");
      });
      getRunningLoop().callSoon(() => future.setResult());
      await future;
      await sleep(1);
      seen.push(user.get());
    }
    assertEquals(seen, ["ada", "ada", "grace", "grace"]);
  }));

Deno.test("a done callback that cancels the task that awaits the future: the value is delivered, the cancel is delivered next", async () => {
  const future = new Future<number>();
  const seen: number[] = [];
  const task = createTask(async () => {
    seen.push(await future);
    await sleep(60_000);
  });
  await turns();
  future.addDoneCallback(() => task.cancel());
  future.setResult(1);
  await assertRejects(async () => await task, CancelledError);
  assertEquals(seen, [1]);
});
