/** Starting tasks, and looking at those that run. @module */
import { currentScope } from "./kernel/context/current_scope.ts";
import {
  checkCoroutine,
  checkOptions,
  type Coroutine,
} from "./kernel/types.ts";
import { spawn, type Task, type TaskOptions, tasksOf } from "./task.ts";

/**
 * Makes a task that runs `coroutine`. Mirrors `asyncio.create_task`.
 *
 * It starts after the caller's current synchronous code, in order of creation;
 * with `eager` at once.
 *
 * @throws {TypeError} `coroutine` is no function: `createTask(() => f(x))`, not
 * `createTask(f(x))`.
 * @throws {InvalidStateError} The `run` that the caller belongs to has ended.
 *
 * @example
 * ```ts
 * import { createTask, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const task = createTask(async () => {
 *   await sleep(10);
 *   return "done";
 * });
 * assertEquals(await task, "done");
 * ```
 */
export function createTask<T>(
  coroutine: Coroutine<T>,
  options?: TaskOptions,
): Task<T> {
  checkCoroutine(coroutine, "createTask");
  checkOptions(options, "create a task");
  return spawn(coroutine, currentScope().loop, options);
}

/**
 * Returns the task that the caller runs in; `undefined` in callbacks and
 * outside of tasks. Mirrors `asyncio.current_task`.
 *
 * Code of a task that goes on after the task has ended, as the task did not
 * await it, is in no task.
 *
 * @example
 * ```ts
 * import { createTask, currentTask } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const name = createTask(() => currentTask()!.name, { name: "namesake" });
 * assertEquals(await name, "namesake");
 * ```
 */
export function currentTask(): Task<unknown> | undefined {
  return currentScope().task as Task<unknown> | undefined;
}

/**
 * Returns the tasks of the current loop that have not ended. Mirrors
 * `asyncio.all_tasks`.
 *
 * @example Cancel everything else
 * ```ts
 * import {
 *   allTasks,
 *   createTask,
 *   currentTask,
 *   run,
 *   sleep,
 * } from "@asyncio/asyncio/tasks";
 * import { assert } from "@std/assert";
 *
 * await run(async () => {
 *   const other = createTask(() => sleep(60_000));
 *   for (const task of allTasks()) if (task !== currentTask()) task.cancel();
 *   await other.catch(() => {});
 *   assert(other.cancelled);
 * });
 * ```
 */
export function allTasks(): Set<Task<unknown>> {
  return new Set(tasksOf(currentScope().loop));
}

/**
 * Returns a signal for foreign calls. It aborts when the calling code is
 * cancelled: with its task, or by a timeout or group around it. asyncio has no
 * counterpart.
 *
 * @example
 * ```ts
 * import { currentSignal, timeout, TimeoutError } from "@asyncio/asyncio/tasks";
 * import { assertRejects } from "@std/assert";
 *
 * const foreign = (signal: AbortSignal) =>
 *   new Promise((_, reject) =>
 *     signal.addEventListener("abort", () => reject(signal.reason))
 *   );
 * await assertRejects(
 *   () => timeout(5, () => foreign(currentSignal())),
 *   TimeoutError,
 * );
 * ```
 */
export function currentSignal(): AbortSignal {
  return currentScope().signal;
}
