/**
 * Tasks: plain `async` functions that run side by side, and can really be
 * cancelled, waited for, grouped and timed out. The heart of Python's asyncio.
 *
 * @module
 */
export * from "./errors.ts";
export type { Awaitable, Coroutine, WaitOptions } from "./types.ts";
export { run, Runner } from "./runner.ts";
export type { RunOptions } from "./run_options.ts";
export {
  allTasks,
  createTask,
  currentSignal,
  currentTask,
} from "./create_task.ts";
export { Task, type TaskOptions } from "./task.ts";
export { Future, isFuture } from "./future.ts";
export { ensureFuture } from "./ensure_future.ts";
export { sleep } from "./sleep.ts";
export {
  gather,
  type Results,
  type ReturnExceptions,
  type SettledResults,
} from "./gather.ts";
export { type ReturnWhen, wait, type WaitManyOptions } from "./wait.ts";
export { waitFor } from "./wait_for.ts";
export { asCompleted } from "./as_completed.ts";
export { shield } from "./shield.ts";
export { cancellable } from "./cancellable.ts";
export { TaskGroup, taskGroup } from "./task_group.ts";
export { moveOnAfter, Timeout, timeout, timeoutAt } from "./timeout.ts";
export {
  EventLoop,
  type ExceptionContext,
  getRunningLoop,
} from "./event_loop.ts";
export { Handle, TimerHandle } from "./handle.ts";
export type { Alarm, Clock, ClockedLoop } from "./clock.ts";
export { signals } from "./signals.ts";
export { Context, ContextVar, copyContext, Token } from "./context.ts";
export { type CallGraph, captureCallGraph } from "./call_graph.ts";
export {
  type CallGraphOptions,
  formatCallGraph,
  printCallGraph,
} from "./format_call_graph.ts";
export { toThread } from "./to_thread.ts";
export {
  type WorkerCallOptions,
  WorkerPool,
  type WorkerPoolOptions,
} from "./worker_pool.ts";
