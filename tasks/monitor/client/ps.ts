/** The tasks as a table. @module */
import { safe } from "../../kernel/watch/safe_text.ts";
import type { Snapshot, TaskInfo } from "../protocol.ts";
import type { CommandLine } from "./command_line.ts";
import type { Connection } from "./connection.ts";
import { type Cell, print, printJson, table } from "./output.ts";
import { TaskTree } from "./tree.ts";
import { stateOf, timeOf, waitedFor, waitsOf } from "./words.ts";

const TITLES = ["TASK", "NAME", "STATE", "WAITS FOR", "FOR", "AWAITED BY"];

/** Prints all tasks. */
export async function ps(
  program: Connection,
  { json }: CommandLine,
): Promise<number> {
  const snapshot = await program.request<Snapshot>({ op: "tasks" });
  const tree = new TaskTree(snapshot);
  const inRing = new Set(tree.rings.flat());
  if (json) {
    printJson(
      snapshot.tasks.map((task) => ({ ...task, inRing: inRing.has(task.id) })),
      2,
    );
    return 0;
  }
  const titles = TITLES.map((text): Cell => ({ text, style: "bold" }));
  const rows = snapshot.tasks.map((task) => rowOf(task, inRing.has(task.id)));
  print(table([titles, ...rows]));
  printMore(snapshot);
  return 0;
}

function rowOf(task: TaskInfo, inRing: boolean): Cell[] {
  return [
    { text: String(task.id) },
    { text: safe(task.name), style: inRing ? "red" : undefined },
    { text: inRing ? `${stateOf(task)}, ring` : stateOf(task) },
    { text: waitsOf(task) },
    { text: timeOf(waitedFor(task)), right: true },
    { text: task.awaitedBy.join(", ") },
  ];
}

/** Prints how many tasks are not listed, if some are not. */
export function printMore({ total, tasks }: Snapshot): void {
  if (total > tasks.length) {
    print(`and ${total - tasks.length} younger ones of ${total}`);
  }
}
