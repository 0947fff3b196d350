/** @module */
import { quoted, safe } from "../kernel/watch/safe_text.ts";
import { printText } from "../kernel/loop/report.ts";
import type { ScopedWait } from "../kernel/cancel/scoped_wait.ts";
import { currentScope } from "../kernel/context/current_scope.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import { madeAt, userFrame } from "../kernel/watch/user_frame.ts";
import { type Task, tasksOf } from "../task.ts";
import { depthFirst, type Visit } from "./depth_first.ts";
import { awaitersOf, stateOf, taskOrCurrent, waitsOf } from "./call_graph.ts";
import { formatDuration } from "./format_duration.ts";
import { checkOptions } from "../kernel/types.ts";

/** Options of {@linkcode formatCallGraph}. */
export interface CallGraphOptions {
  /**
   * Shows this task and the tasks that await it; the current task unless given.
   */
  task?: Task<unknown> | undefined;
  /** Whether to show all tasks of the loop, and the tasks that each awaits. */
  all?: boolean | undefined;
}

/** The largest indent of a tree, so that it stays readable. */
const WIDEST = 90;

/** What is drawn to the left of a task in a tree, and of the tasks below it. */
const BRANCH = ["├─ ", "│  "] as const;
const LAST = ["└─ ", "   "] as const;

/**
 * Returns a text that shows as a tree which task waits for which. Mirrors
 * `asyncio.format_call_graph`.
 *
 * Each task is shown with its name, its state and what it waits for. For one
 * task, the tasks that await it are below it. With `all`, or if there is no
 * current task, it is the other way round: the roots are the tasks that no task
 * awaits, and below each task are those that it awaits. A ring of tasks that
 * await each other is cut, and marked, where it closes.
 *
 * With `dumpOnSignal` and in debug mode it shows how long the waits have
 * lasted; in debug mode also the lines where waits were begun and tasks were
 * made.
 *
 * @throws {TypeError} `options.task` is no task.
 *
 * @example
 * ```ts
 * import { createTask, formatCallGraph, run, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   const child = createTask(() => sleep(60_000), { name: "child" });
 *   const parent = createTask(async () => await child, { name: "parent" });
 *   await sleep(0);
 *   assertEquals(
 *     formatCallGraph({ task: child }),
 *     `task "child": waits for sleep 60000
 * └─ awaited by task "parent": waits for task "child"`,
 *   );
 *   parent.cancel();
 * });
 * ```
 */
export function formatCallGraph(options?: CallGraphOptions): string {
  checkOptions(options, "format a call graph");
  const { loop, task: owner } = currentScope();
  const { task, all = task === undefined && owner === undefined } = options ??
    {};
  return all
    ? formatAllTasks(loop)
    : new Drawing(awaitersOf, "awaited by ").draw([taskOrCurrent(task)]);
}

/**
 * Prints on stderr what {@linkcode formatCallGraph} returns. Mirrors
 * `asyncio.print_call_graph`.
 *
 * @throws {TypeError} `options.task` is no task.
 *
 * @example
 * ```ts
 * import { printCallGraph } from "@asyncio/asyncio/tasks";
 *
 * printCallGraph({ all: true });
 * ```
 */
export function printCallGraph(options?: CallGraphOptions): void {
  printText(formatCallGraph(options));
}

/** Returns a text of all tasks of a loop, each below the one that awaits it. */
export function formatAllTasks(loop: Loop): string {
  const tasks = new Set(tasksOf(loop));
  if (tasks.size === 0) return "no tasks";
  const awaited = new Map<Task<unknown>, Task<unknown>[]>();
  const roots: Task<unknown>[] = [];
  for (const task of tasks) {
    const awaiters = awaitersOf(task).filter((it) => tasks.has(it));
    if (awaiters.length === 0) roots.push(task);
    for (const awaiter of awaiters) {
      const list = awaited.get(awaiter);
      if (list === undefined) awaited.set(awaiter, [task]);
      else list.push(task);
    }
  }
  const drawing = new Drawing((task) => awaited.get(task) ?? [], "");
  return drawing.draw([...roots, ...tasks]); // rings have no root
}

/** What is said of a task that is drawn elsewhere. */
const ELSEWHERE = {
  first: undefined,
  again: "see above",
  ring: "a ring, which waits for itself",
} as const;

class Drawing {
  readonly #below: (task: Task<unknown>) => Task<unknown>[];
  readonly #relation: string;
  readonly #lines: string[] = [];
  readonly #drawn = new Set<Task<unknown>>();

  constructor(
    below: (task: Task<unknown>) => Task<unknown>[],
    relation: string,
  ) {
    this.#below = below;
    this.#relation = relation;
  }

  /** Draws a tree for each task that is in no tree before. */
  draw(roots: Task<unknown>[]): string {
    for (const root of roots) {
      if (!this.#drawn.has(root)) this.#drawTree(root);
    }
    return this.#lines.map(safe).join("\n");
  }

  #drawTree(root: Task<unknown>): void {
    const indents: string[] = []; // of the lines below the task at each depth
    for (const visit of depthFirst(root, this.#below, this.#drawn)) {
      const above = indents[visit.depth - 1];
      if (above === undefined) {
        indents[0] = "";
        this.#drawTask(visit, "", "");
        continue;
      }
      const [branch, beside] = visit.isLast ? LAST : BRANCH;
      const indent = above + beside;
      indents[visit.depth] = indent.length > WIDEST ? indent.slice(3) : indent;
      this.#drawTask(
        visit,
        above + branch + this.#relation,
        indents[visit.depth]!,
      );
    }
  }

  #drawTask(
    { task, kind, below }: Visit,
    before: string,
    indent: string,
  ): void {
    const name = `${before}task ${quoted(task.name)}`;
    this.#lines.push(`${name}: ${ELSEWHERE[kind] ?? situationOf(task)}`);
    if (kind !== "first") return;
    const margin = `${indent}${below.length > 0 ? "│  " : "   "}`;
    for (const line of placesOf(task)) this.#lines.push(`${margin}${line}`);
  }
}

/** Returns what a task does, in words. */
function situationOf(task: Task<unknown>): string {
  const waits = waitsOf(task);
  const state = stateOf(task);
  if (state === "pending" && waits.length === 0) return "not started";
  const words = waits.map((wait) => {
    const time = lasting(wait, task);
    return `${wait.what}${time === undefined ? "" : `, for ${time}`}`;
  });
  const waiting = words.length === 0
    ? []
    : [`waits for ${words.join(" and ")}`];
  return (state === "pending" ? waiting : [state, ...waiting]).join(", ");
}

/** Returns, in debug mode, where a task waits, and where it was made. */
function placesOf(task: Task<unknown>): string[] {
  const lines = new Set<string>();
  for (const wait of waitsOf(task)) {
    const place = userFrame(wait.where);
    if (place !== undefined) lines.add(`at ${place}`);
  }
  const made = madeAt(task);
  if (made !== undefined) lines.add(`made at ${made}`);
  return [...lines];
}

/** Returns how long a wait has lasted, if its beginning was noted. */
function lasting(wait: ScopedWait, task: Task<unknown>): string | undefined {
  if (wait.since === undefined) return undefined;
  return formatDuration(Math.max(task.loop.time() - wait.since, 0));
}
