/** `@std/async` in a program of tasks: its functions wait where ours do not. */
import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { abortable, deadline, delay, retry as stdRetry } from "@std/async";
import { Queue } from "@asyncio/asyncio/queue";
import {
  cancellable,
  createTask,
  currentSignal,
  currentTask,
  isCancelled,
  retry,
  run,
  sleep,
  timeout,
  TimeoutError,
} from "@asyncio/asyncio/tasks";

Deno.test("std's delay with the signal of its task ends with a cancel, and leaves no timer", () =>
  run(async () => {
    const task = createTask(() => delay(60_000, { signal: currentSignal() }));
    await sleep(0);
    task.cancel("enough");
    const error = await assertRejects(() => Promise.resolve(task));
    assert(isCancelled(error));
    assert(task.cancelled);
  }));

Deno.test("std's delay in cancellable ends with a time limit, and leaves no timer", () =>
  run(async () => {
    await assertRejects(
      () =>
        timeout(1, () => cancellable((signal) => delay(60_000, { signal }))),
      TimeoutError,
    );
  }));

Deno.test("code after std's delay is still in its task", () =>
  run(async () => {
    const task = createTask(async () => {
      await delay(1);
      return { inside: currentTask() };
    });
    const { inside } = await task;
    assertStrictEquals(inside, task);
  }));

Deno.test("std's deadline gives up a wait that its signal ends, and takes no item", () =>
  run(async () => {
    const queue = new Queue<string>();
    const controller = new AbortController();
    const { signal } = controller;
    const given = deadline(queue.get({ signal }), 60_000, { signal });
    controller.abort(new Error("enough"));
    await assertRejects(() => given, Error, "enough");
    queue.putNowait("left");
    assertEquals(queue.size, 1);
  }));

Deno.test("std's abortable ends its wait for a task, and not the task", () =>
  run(async () => {
    const controller = new AbortController();
    const task = createTask(() => sleep(1, { result: "done" }));
    const given = abortable(task.then(), controller.signal);
    controller.abort(new Error("enough"));
    await assertRejects(() => given, Error, "enough");
    assertEquals(await task, "done");
  }));

/** The calls of a `retry` whose work fails so often, and how it ends. */
async function callsOf(
  retryOf: typeof stdRetry,
  failures: number,
  options: { maxAttempts?: number; isRetriable?: () => boolean },
): Promise<{ calls: number; end: unknown }> {
  let calls = 0;
  const work = () => {
    if (++calls <= failures) throw new Error(`failure ${calls}`);
    return `success ${calls}`;
  };
  const end = await retryOf(work, { ...options, minTimeout: 0 })
    .catch((error) => error.cause ?? error); // std wraps the last error
  return { calls, end: String(end) };
}

for (
  const [name, failures, options] of [
    ["success", 0, {}],
    ["two failures", 2, {}],
    ["as many failures as there may be", 4, {}],
    ["one failure too many", 5, {}],
    ["a single attempt", 1, { maxAttempts: 1 }],
    ["two failures of three attempts", 2, { maxAttempts: 3 }],
    ["three failures of three attempts", 3, { maxAttempts: 3 }],
    ["a failure that is not retriable", 1, { isRetriable: () => false }],
  ] as const
) {
  Deno.test(`retry calls its work as often as std's: ${name}`, async () => {
    assertEquals(
      await callsOf(retry, failures, options),
      await callsOf(stdRetry, failures, options),
    );
  });
}
