/** Cancels that reach both a block and the clean-up of its `await using`. */
import { assertEquals, assertRejects } from "@std/assert";
import {
  CancelledError,
  createTask,
  isCancelled,
  moveOnAfter,
  race,
  run,
  sleep,
  taskGroup,
  timeout,
  TimeoutError,
  wait,
} from "@asyncio/asyncio/tasks";
import { virtually } from "../_helpers/virtually.ts";

/** Waits with a resource, whose disposal waits as well. */
async function waitTwice(): Promise<void> {
  await using _resource = { [Symbol.asyncDispose]: () => sleep(1000) };
  await sleep(1000);
}

Deno.test("a task whose block and whose disposal are cancelled is cancelled", () =>
  virtually(async () => {
    const task = createTask(waitTwice);
    await sleep(1);
    task.cancel("first");
    await sleep(1);
    task.cancel("second");
    await wait([task]);
    assertEquals(task.cancelled, true);
    await assertRejects(async () => await task, CancelledError, "second");
  }));

Deno.test("a group whose child is cancelled in its block and in its disposal does not fail", () =>
  virtually(async () => {
    const value = await taskGroup(async (group) => {
      const task = group.createTask(waitTwice);
      for (let i = 0; i < 2; i++) {
        await sleep(1);
        task.cancel();
      }
      return "the body's";
    });
    assertEquals(value, "the body's");
  }));

Deno.test("of two timeouts that end a block and its disposal the outer one counts", () =>
  virtually(async () => {
    const error = await assertRejects(
      () => timeout(10, () => timeout(20, waitTwice)),
      TimeoutError,
    );
    assertEquals(error.message.includes("10 ms"), true);
    assertEquals(
      await moveOnAfter(10, () => timeout(20, waitTwice)),
      undefined,
    );
  }));

Deno.test("a run whose main task is cancelled in its block and in its disposal is cancelled", async () => {
  const ended = run(async () => {
    const main = createTask(waitTwice);
    for (let i = 0; i < 2; i++) {
      await sleep(0);
      main.cancel();
    }
    await main;
  });
  await assertRejects(() => ended, CancelledError);
});

Deno.test("a race given up twice, with a disposal in a branch, is cancelled", () =>
  virtually(async () => {
    const task = createTask(() => race([waitTwice, () => sleep(5000)]));
    for (let i = 0; i < 2; i++) {
      await sleep(1);
      task.cancel();
    }
    await wait([task]);
    assertEquals(task.cancelled, true);
  }));

Deno.test("isCancelled: a disposal that joins cancels alone is a cancel, with a failure it is none", () => {
  const cancel = new CancelledError();
  const failure = new Error("failed");
  const joined = (error: unknown, suppressed: unknown) =>
    isCancelled(new SuppressedError(error, suppressed));
  assertEquals(joined(cancel, cancel), true);
  assertEquals(joined(cancel, new SuppressedError(cancel, cancel)), true);
  assertEquals(joined(cancel, failure), false);
  assertEquals(joined(failure, cancel), false);
  assertEquals(joined(cancel, new SuppressedError(cancel, failure)), false);
});

Deno.test("a failure that a cancelled disposal has suppressed is not lost", () =>
  virtually(async () => {
    const failure = new Error("failed");
    const task = createTask(async () => {
      await using _resource = { [Symbol.asyncDispose]: () => sleep(1000) };
      throw failure;
    });
    await sleep(1);
    task.cancel();
    const error = await assertRejects(async () => await task, SuppressedError);
    assertEquals(error.suppressed, failure);
    assertEquals(isCancelled(error.error), true);
  }));
