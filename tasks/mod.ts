export * from "./errors.ts";
export type { Awaitable, Coroutine, WaitOptions } from "./types.ts";
export { Future, isFuture } from "./future.ts";
export * from "./event_loop.ts";
export {
  allTasks,
  createTask,
  currentSignal,
  currentTask,
  Task,
} from "./task.ts";
export type { TaskOptions } from "./task.ts";
export { sleep } from "./sleep.ts";
export { ensureFuture } from "./ensure_future.ts";
export { Context, ContextVar, copyContext, Token } from "./context.ts";
