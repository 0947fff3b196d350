/**
 * Tasks: plain `async` functions that run side by side, and can really be
 * cancelled, waited for, grouped and timed out. The heart of Python's asyncio.
 *
 * A **coroutine** is work that has not started: a function without arguments.
 * {@linkcode createTask} starts it as a {@linkcode Task}; `await task` returns
 * its result, and `task.cancel()` ends it.
 *
 * ```ts
 * import { createTask, run, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * async function double(n: number): Promise<number> {
 *   await sleep(1);
 *   return 2 * n;
 * }
 *
 * const sum = await run(async () => {
 *   const a = createTask(() => double(1));
 *   const b = createTask(() => double(2)); // side by side with a
 *   return await a + await b;
 * });
 * assertEquals(sum, 6);
 * ```
 *
 * | to | use |
 * |---|---|
 * | run a program, with a tidy end | {@linkcode run}, {@linkcode Runner} |
 * | start work on its own | {@linkcode createTask} |
 * | start work that ends together | {@linkcode taskGroup} |
 * | run several, and have their results | {@linkcode gather}, {@linkcode asCompleted}, {@linkcode wait} |
 * | have tasks as they end, and start more | {@linkcode TaskSet} |
 * | take the first that ends or succeeds, and undo the others | {@linkcode race}, {@linkcode select}, {@linkcode any} |
 * | try again | {@linkcode retry} |
 * | limit the time | {@linkcode timeout}, {@linkcode timeoutAt}, {@linkcode moveOnAfter}, {@linkcode waitFor} |
 * | pause | {@linkcode sleep}, {@linkcode interval} |
 * | call foreign code that cannot be cancelled | {@linkcode cancellable}, {@linkcode currentSignal} |
 * | keep a cancel off | {@linkcode shielded}, {@linkcode shield} |
 * | settle something by hand | {@linkcode Future} |
 * | use another thread | {@linkcode toThread}, {@linkcode WorkerPool} |
 * | have a value for each task | {@linkcode ContextVar} |
 * | react to a signal of the system | {@linkcode signals} |
 * | see what waits for what | {@linkcode printCallGraph}, {@linkcode RunOptions} |
 *
 * **Cancelling.** A cancel rejects the wait that a task is in with
 * {@linkcode CancelledError}, at once; `try`/`finally` and `using` clean up. A
 * wait that was cancelled has taken nothing: no item, no lock, no byte. A wait
 * that was over before keeps its value, and the cancel is delivered at the next
 * one. In a catch-all, let the error pass: {@linkcode isCancelled}.
 *
 * ```ts
 * import { isCancelled, moveOnAfter, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const seen: string[] = [];
 * await moveOnAfter(5, async () => {
 *   try {
 *     await sleep(60_000);
 *   } catch (error) {
 *     seen.push(isCancelled(error) ? "cancelled" : "failed");
 *     throw error;
 *   } finally {
 *     seen.push("cleaned up");
 *   }
 * });
 * assertEquals(seen, ["cancelled", "cleaned up"]);
 * ```
 *
 * **Waiting.** All waits, such as a sleep, a lock, a queue or a read, also take
 * `{ signal }`, and reject with its reason. All of this works outside of
 * {@linkcode run}, too: at the top of a module, or in a handler of
 * `Deno.serve`. Times are milliseconds.
 *
 * @module
 */
export { run, Runner } from "./run/runner.ts";
export type { RunOptions } from "./run/run_options.ts";
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
export { interval } from "./interval.ts";
export { retry, type RetryOptions } from "./retry.ts";
export {
  gather,
  type GatherOptions,
  type Results,
  type ReturnExceptions,
  type SettledResults,
} from "./gather.ts";
export { race, type Result } from "./race/race.ts";
export { select, type Selected } from "./race/select.ts";
export { any } from "./race/any.ts";
export { type ReturnWhen, wait, type WaitManyOptions } from "./wait.ts";
export { waitFor } from "./wait_for.ts";
export { asCompleted } from "./as_completed.ts";
export { shield } from "./shield.ts";
export { cancellable } from "./cancellable.ts";
export { shielded } from "./shielded.ts";
export { TaskGroup, taskGroup } from "./task_group.ts";
export { TaskSet } from "./task_set.ts";
export { splitErrors } from "./split_errors.ts";
export { currentDeadline } from "./current_deadline.ts";
export { moveOnAfter, Timeout, timeout, timeoutAt } from "./timeout.ts";
export {
  EventLoop,
  type ExceptionContext,
  getRunningLoop,
} from "./event_loop.ts";
export { createEagerTaskFactory, type TaskFactory } from "./task_factory.ts";
export { Handle, TimerHandle } from "./handle.ts";
export type { Alarm, Clock, ClockedLoop } from "./kernel/loop/clock.ts";
export { signals } from "./signals.ts";
export {
  Context,
  ContextVar,
  copyContext,
  Token,
} from "./kernel/context/context_variables.ts";
export { type CallGraph, captureCallGraph } from "./debug/call_graph.ts";
export {
  type CallGraphOptions,
  formatCallGraph,
  printCallGraph,
} from "./debug/format_call_graph.ts";
export { callHost } from "./threads/call_host.ts";
export { toThread } from "./threads/to_thread.ts";
export type { WorkerResourceLimits } from "./threads/resource_limits.ts";
export {
  type WorkerCallOptions,
  WorkerPool,
  type WorkerPoolOptions,
} from "./threads/worker_pool.ts";
export {
  CancelledError,
  InterruptError,
  InvalidStateError,
  isCancelled,
  TimeoutError,
} from "./kernel/errors.ts";
export type { Awaitable, Coroutine, WaitOptions } from "./kernel/types.ts";
