/** The tree as text. @module */
import type { Snapshot } from "../protocol.ts";
import type { CommandLine } from "./command_line.ts";
import type { Connection } from "./connection.ts";
import { paint, print, printJson } from "./output.ts";
import { printMore } from "./ps.ts";
import { type Node, placedIn, TaskTree } from "./tree.ts";
import { nameOf, namesOf, situationOf } from "./words.ts";

/** The largest indent, so that the tree stays readable. */
const MAX_INDENT = 90;

/** How many levels the JSON has at most, as parsers have limits. */
const MAX_LEVELS = 500;

/** Prints the tree. */
export async function tree(
  program: Connection,
  { json }: CommandLine,
): Promise<number> {
  const snapshot = await program.request<Snapshot>({ op: "tasks" });
  const { roots, rings, tasks } = new TaskTree(snapshot);
  if (json) printJson({ rings, tree: roots.map((root) => plain(root)) }, 2);
  else {
    for (const ring of rings) {
      print(
        paint("red", `a ring, each waits for another: ${namesOf(ring, tasks)}`),
      );
    }
    print(roots.length === 0 ? "no tasks" : drawn(roots).join("\n"));
    printMore(snapshot);
  }
  return 0;
}

/** Returns a node for JSON. The last level has the number of nodes below it. */
function plain(node: Node, level = 1): unknown {
  const { kind, task, scope, children, inRing } = node;
  const isLast = level === MAX_LEVELS && children.length > 0;
  const below = isLast
    ? { more: placedIn(children).length }
    : { children: children.map((child) => plain(child, level + 1)) };
  return kind === "task"
    ? { kind, ...task, inRing, ...below }
    : { kind, left: scope!.left, ...below };
}

/** Returns the lines of a tree. */
function drawn(roots: readonly Node[]): string[] {
  const lines: string[] = [];
  const open = roots.map((node) => ({ node, first: "", rest: "" })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    const { node, first } = next;
    const { children, task, kind, inRing } = node;
    const name = nameOf(node);
    const line = kind === "task" ? `${name}: ${situationOf(task!)}` : name;
    lines.push(first + (inRing ? paint("red", line) : line));
    let { rest } = next;
    if (kind === "task") {
      const margin = rest + (children.length > 0 ? "│  " : "   ");
      for (const line of linesOf(node)) lines.push(margin + line);
    }
    if (rest.length > MAX_INDENT) rest = rest.slice(3);
    const last = children.length - 1;
    for (const [i, child] of [...children.entries()].reverse()) {
      const [branch, beside] = i < last ? ["├─ ", "│  "] : ["└─ ", "   "];
      open.push({ node: child, first: rest + branch, rest: rest + beside });
    }
  }
  return lines;
}

/**
 * Returns, in debug mode, where a task waits, what it holds, and where it was
 * made.
 */
function linesOf({ task }: Node): string[] {
  const { waits, holds = [], made } = task!;
  const places = waits.map(({ at }) => at).filter((it) => it !== undefined);
  return [
    ...new Set(places.map((place) => paint("dim", `at ${place}`))),
    ...holds.map((hold) => paint("dim", `holds a ${hold}`)),
    ...made === undefined ? [] : [paint("dim", `made at ${made}`)],
  ];
}
