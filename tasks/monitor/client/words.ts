/** Texts for tasks and nodes. @module */
import { formatDuration } from "../../debug/format_duration.ts";
import { safe } from "../../kernel/watch/safe_text.ts";
import type { Hello, NamedTask, TaskInfo, WaitInfo } from "../protocol.ts";
import type { Node } from "./tree.ts";

/** Returns how long a task has been in the oldest of its waits. */
export function waitedFor({ waits }: TaskInfo): number | undefined {
  const ages = waits.map((it) => it.for).filter((it) => it !== undefined);
  return ages.length === 0 ? undefined : Math.max(...ages);
}

/** Returns a time in words; `""` if it is not known. */
export function timeOf(ms: number | undefined): string {
  return ms === undefined ? "" : formatDuration(ms);
}

/** Returns what a task waits for. */
export function waitsOf({ state, waits }: TaskInfo): string {
  if (state === "new") return "(not started)";
  if (state === "foreign") return "(something foreign)";
  return waits.map(({ what }) => safe(what)).join(" and ");
}

/** Returns what a task does, in a word or two. */
export function stateOf({ state, cancelling }: TaskInfo): string {
  return cancelling === undefined ? state : `${state}, cancelled`;
}

/** Returns what a task does, as the predicate of a sentence. */
export function situationOf(task: TaskInfo): string {
  const { state, waits, cancelling } = task;
  const cancelled = cancelling === undefined ? "" : "cancelled, ";
  if (state === "new") return `${cancelled}not started`;
  if (state === "foreign") return `${cancelled}waits for something foreign`;
  return `${cancelled}waits for ${waits.map(waitWithTime).join(" and ")}`;
}

function waitWithTime(wait: WaitInfo): string {
  const time = wait.for === undefined ? "" : `, for ${timeOf(wait.for)}`;
  return `${safe(wait.what)}${time}`;
}

/** Returns the name of a node. */
export function nameOf({ kind, task, scope, children, inRing }: Node): string {
  switch (kind) {
    case "task": {
      const ring = inRing ? " (in a ring)" : "";
      return `task ${task!.id} "${safe(task!.name)}"${ring}`;
    }
    case "timeout":
      return scope!.left! > 0
        ? `timeout, ${timeOf(scope!.left)} left`
        : "timeout, expired";
    case "group":
      return `group of ${children.length}${
        scope!.left === undefined ? "" : `, ${timeOf(scope!.left)} left`
      }`;
    case "shield":
      return "shield";
  }
}

/** Returns the name of a program: its main module and its process. */
export function programOf({ program, pid }: Hello): string {
  const name = safe(program.slice(program.lastIndexOf("/") + 1));
  return `${name}, process ${pid}`;
}

/** Returns the numbers and names of tasks: `1 "a", 2 "b"`. */
export function namesOf(
  ids: readonly number[],
  tasks: ReadonlyMap<number, NamedTask>,
): string {
  return ids.map((id) => `${id} "${safe(tasks.get(id)?.name ?? "")}"`)
    .join(", ");
}
