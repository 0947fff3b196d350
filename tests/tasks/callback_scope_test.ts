// Cancels in callbacks: all code of a loop that is in no task shares one scope, and must not notice.
import { assertEquals, assertNotStrictEquals } from "@std/assert";
import {
  createTask,
  currentSignal,
  Future,
  getRunningLoop,
  moveOnAfter,
  sleep,
  type TaskGroup,
  taskGroup,
} from "@asyncio/asyncio/tasks";
import { now } from "../_helpers/now.ts";
import { virtually } from "../_helpers/virtually.ts";

/** Calls `body` in a callback, and gives what it does. */
function inCallback<T>(body: () => Promise<T> | T): Future<T> {
  const ended = new Future<T>();
  getRunningLoop().callSoon(() => {
    (async () => await body())().then(
      (value) => ended.setResult(value),
      (error) => ended.setException(error),
    );
  });
  return ended;
}

/** A group with a timeout in it, which is cancelled at 10 and cleans up until 15. */
function cleanUp(log: string[]): Future<TaskGroup> {
  const open = new Future<TaskGroup>();
  inCallback(() =>
    taskGroup(async (group) => {
      open.setResult(group);
      await moveOnAfter(10, async () => {
        await sleep(1000).catch(() => log.push(`cancelled at ${now()}`));
        await sleep(5);
        log.push(`cleaned up at ${now()}`);
      });
      await sleep(1);
    })
  );
  return open;
}

Deno.test("a group in a callback that ends with errors and a cancel ends no other callback", () =>
  virtually(async () => {
    const future = new Future<void>();
    const group = inCallback(() =>
      taskGroup(async (group) => {
        group.createTask(async () => {
          await sleep(1000).catch(() => {});
          throw new Error("child");
        });
        await sleep(1);
        future.cancel();
        await future;
      })
    ).catch((error) => error.errors.length);
    const other = inCallback(async () => {
      await sleep(20);
      return await sleep(1, { result: "slept" });
    });
    assertEquals([await group, await other], [1, "slept"]);
  }));

Deno.test("a clean-up in a callback is spared a second cancel, also by another callback", () =>
  virtually(async () => {
    const log: string[] = [];
    const group = await cleanUp(log);
    await inCallback(async () => {
      await sleep(10);
      group.cancel();
    });
    await sleep(100);
    assertEquals(log, ["cancelled at 10", "cleaned up at 15"]);
  }));

Deno.test("a clean-up in a callback is spared a second cancel, also where another callback goes on in between", () =>
  virtually(async () => {
    const log: string[] = [];
    const beside = inCallback(async () => {
      await sleep(10);
      await sleep(1);
    });
    const canceller = createTask(async () => {
      await sleep(10);
      group.cancel();
    });
    const group = await cleanUp(log);
    await canceller;
    await beside;
    await sleep(100);
    assertEquals(log, ["cancelled at 10", "cleaned up at 15"]);
  }));

Deno.test("callbacks have a signal each, so that listeners do not pile up", () =>
  virtually(async () => {
    const signals = [
      await inCallback(() => currentSignal()),
      await inCallback(() => currentSignal()),
    ];
    assertNotStrictEquals(signals[0], signals[1]);
  }));
