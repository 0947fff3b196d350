import { assert, assertEquals } from "@std/assert";
import {
  createTask,
  Future,
  InvalidStateError,
  run,
  Runner,
  sleep,
} from "@asyncio/asyncio/tasks";
import { turns } from "./_turns.ts";

Deno.test("a task awaits a future that is set outside of its run", async () => {
  const future = new Future<number>();
  const value = run(async () => await future);
  await turns();
  future.setResult(7);
  assertEquals(await value, 7);
});

Deno.test("runs side by side await each other's tasks", async () => {
  await using one = new Runner();
  await using other = new Runner();
  const go = new Future<void>();
  const theirs = other.loop.createTask(async () => {
    await go;
    return "theirs";
  });
  const both = Promise.all([
    one.run(async () => await theirs),
    other.run(async () => await createTask(async () => await go)),
  ]);
  await turns();
  go.setResult();
  assertEquals(await both, ["theirs", undefined]);
});

Deno.test("who awaits a task of another run hears of its cancel when that run ends", async () => {
  const other = new Runner();
  const theirs = other.loop.createTask(() => sleep(60_000));
  const waiting = run(async () => {
    try {
      return await theirs;
    } catch (error) {
      return (error as Error).name;
    }
  });
  await turns();
  await other.close();
  assertEquals(await waiting, "CancelledError");
});

Deno.test("a runner can neither run nor close inside its own run, and is none the worse", async () => {
  await using runner = new Runner();
  for (const call of [() => runner.run(() => 1), () => runner.close()]) {
    const refusal = await runner.run(() => call().catch((error) => error));
    assert(refusal instanceof InvalidStateError);
  }
  assertEquals(await runner.run(() => "fine"), "fine");
});
