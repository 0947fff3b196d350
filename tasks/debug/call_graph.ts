/** @module */
import { completionOf, type Future } from "../future.ts";
import type { ScopedWait } from "../kernel/cancel/scoped_wait.ts";
import { currentScope } from "../kernel/context/current_scope.ts";
import { InvalidStateError } from "../kernel/errors.ts";
import { describe } from "../kernel/types.ts";
import { hasStarted, scopeOf, Task } from "../task.ts";
import { depthFirst } from "./depth_first.ts";

/**
 * A task, and the tasks that wait for it. Made by {@linkcode captureCallGraph}.
 * Mirrors `asyncio.FutureCallGraph`.
 */
export interface CallGraph {
  /** The task's name. */
  name: string;
  /**
   * Its state. Pending: it waits, or has not started. Running: it runs, is
   * about to run, or awaits something that is not of this package.
   */
  state: "pending" | "running" | "done" | "cancelled" | "failed";
  /** What it waits for, in words: `"Queue.get"`. */
  awaits: string[];
  /** The tasks that await it. */
  awaitedBy: CallGraph[];
  /** Set where a ring of tasks that await each other closes: it is cut here. */
  cut?: true;
}

/**
 * Returns which tasks wait for a task, and which for those, at this moment.
 * Mirrors `asyncio.capture_call_graph`.
 *
 * - Gathers, shields, groups, `wait` and timeouts in between are left out: the
 *   graph has tasks only.
 * - A task that several ways lead to has one object in it, so that the graph is
 *   no larger than what it shows.
 *
 * @param task The task; the current one unless given.
 * @throws {InvalidStateError} No task is given, and there is no current one.
 * @throws {TypeError} `task` is no task.
 *
 * @example
 * ```ts
 * import { captureCallGraph, createTask, gather, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const child = createTask(() => sleep(60_000), { name: "child" });
 * const parent = createTask(() => gather([child]), { name: "parent" });
 * await sleep(0);
 * assertEquals(captureCallGraph(child), {
 *   name: "child",
 *   state: "pending",
 *   awaits: ["sleep 60000"],
 *   awaitedBy: [{
 *     name: "parent",
 *     state: "pending",
 *     awaits: ["gather"],
 *     awaitedBy: [],
 *   }],
 * });
 * parent.cancel();
 * ```
 */
export function captureCallGraph(task?: Task<unknown>): CallGraph {
  const graphs = new Map<Task<unknown>, CallGraph>();
  const path: CallGraph[] = [];
  for (const visit of depthFirst(taskOrCurrent(task), awaitersOf)) {
    const { task, depth, kind } = visit;
    const graph = kind === "again" ? graphs.get(task)! : graphOf(task);
    if (kind === "first") graphs.set(task, graph);
    else if (kind === "ring") graph.cut = true;
    if (depth > 0) path[depth - 1]!.awaitedBy.push(graph);
    path[depth] = graph;
  }
  return path[0]!;
}

/** Returns the graph of a task, without the tasks that await it. */
function graphOf(task: Task<unknown>): CallGraph {
  return {
    name: task.name,
    state: stateOf(task),
    awaits: waitsOf(task).map((wait) => wait.what),
    awaitedBy: [],
  };
}

/** Returns `task`, or else the current task. */
export function taskOrCurrent(
  task: Task<unknown> | undefined,
): Task<unknown> {
  if (task instanceof Task) return task;
  if (task !== undefined) {
    throw new TypeError(
      `Cannot draw a call graph: expected a task, received ${describe(task)}`,
    );
  }
  const current = currentScope().task;
  if (current !== undefined) return current as Task<unknown>;
  throw new InvalidStateError(
    "Cannot draw a call graph: there is no current task here, say which one is meant",
  );
}

/** Returns the state of a task. */
export function stateOf(task: Task<unknown>): CallGraph["state"] {
  const { state } = completionOf(task);
  if (state !== "pending") return state;
  if (currentScope().task === task) return "running";
  return hasStarted(task) && waitsOf(task).length === 0 ? "running" : state;
}

/** Returns the waits that a task is in. */
export function waitsOf(task: Task<unknown>): ScopedWait[] {
  return task.done ? [] : scopeOf(task).waits;
}

/** Returns the tasks that wait for `future`, also through other futures. */
export function awaitersOf(future: Future<unknown>): Task<unknown>[] {
  const tasks = new Set<Task<unknown>>();
  const seen = new Set<object>([future]);
  const open = [future];
  for (const each of open) {
    for (const { awaiter } of completionOf(each).listeners) {
      if (awaiter instanceof Task) tasks.add(awaiter);
      else if (awaiter !== undefined && !seen.has(awaiter)) {
        seen.add(awaiter);
        open.push(awaiter as Future<unknown>);
      }
    }
  }
  return [...tasks];
}
