/** @module */
import type { Task } from "../task.ts";

/** A task as a walk comes across it. */
export interface Visit {
  readonly task: Task<unknown>;
  /** How many tasks are above it; 0 for the first one. */
  readonly depth: number;
  /**
   * Whether the walk sees it for the first time, comes back to it, or has it
   * above: then a ring closes here.
   */
  readonly kind: "first" | "again" | "ring";
  /** The tasks below it. They are left out unless it is seen for the first time. */
  readonly below: readonly Task<unknown>[];
  /** Whether it is the last one below the task above it. */
  readonly isLast: boolean;
}

/** The tasks below one that is visited. */
interface Level {
  readonly tasks: readonly Task<unknown>[];
  /** How many of them have been visited. */
  visited: number;
}

/**
 * Walks from `root` to all tasks below it, depth first. What is below a task is
 * visited once, however many ways lead there. It has a stack of its own: a
 * chain of thousands of tasks would overflow that of a recursion.
 *
 * @param belowOf Returns the tasks below a task.
 * @param seen The tasks that earlier walks have seen.
 */
export function* depthFirst(
  root: Task<unknown>,
  belowOf: (task: Task<unknown>) => readonly Task<unknown>[],
  seen: Set<Task<unknown>> = new Set(),
): Generator<Visit, void> {
  const levels: Level[] = [{ tasks: [root], visited: 0 }];
  const above = new Set<Task<unknown>>();
  for (let level = levels.at(-1); level !== undefined; level = levels.at(-1)) {
    const { tasks } = level;
    const task = tasks[level.visited++];
    if (task === undefined) { // all below the task above are visited
      levels.pop();
      const last = levels.at(-1);
      if (last !== undefined) above.delete(last.tasks[last.visited - 1]!);
      continue;
    }
    const kind = above.has(task) ? "ring" : seen.has(task) ? "again" : "first";
    const below = kind === "first" ? belowOf(task) : [];
    const isLast = level.visited === tasks.length;
    yield { task, depth: levels.length - 1, kind, below, isLast };
    if (kind !== "first") continue;
    seen.add(task);
    above.add(task);
    levels.push({ tasks: below, visited: 0 });
  }
}
