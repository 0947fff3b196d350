/** @module */
import type { EventLoop } from "./event_loop.ts";
import type { Coroutine } from "./kernel/types.ts";
import type { Task, TaskOptions } from "./task.ts";

/**
 * Makes the tasks of a loop: see {@linkcode EventLoop.setTaskFactory}. It calls
 * `loop.createTask`, which makes a plain task then.
 */
export type TaskFactory = <T>(
  loop: EventLoop,
  coroutine: Coroutine<T>,
  options: TaskOptions,
) => Task<T>;

/**
 * Returns a task factory whose tasks run at once, up to their first wait,
 * unless they are made with `eager: false`. Mirrors
 * `asyncio.create_eager_task_factory` and `asyncio.eager_task_factory`.
 *
 * Work that often has its result at once, as from a cache, then costs no turn
 * of the loop.
 *
 * @example
 * ```ts
 * import {
 *   createEagerTaskFactory,
 *   createTask,
 *   getRunningLoop,
 *   run,
 * } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * await run(() => {
 *   getRunningLoop().setTaskFactory(createEagerTaskFactory());
 *   const task = createTask(() => "from the cache");
 *   assertEquals(task.result(), "from the cache"); // nothing was awaited
 * });
 * ```
 */
export function createEagerTaskFactory(): TaskFactory {
  return (loop, coroutine, { name, context, eager = true }) =>
    loop.createTask(coroutine, { name, context, eager });
}
