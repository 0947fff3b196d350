/** The rows of the page: tasks, groups and timeouts, as a tree or a list. @module */
import { safe } from "../../kernel/watch/safe_text.ts";
import type { Sample } from "../client/rates.ts";
import { type Node, placedIn, type TaskTree } from "../client/tree.ts";
import {
  nameOf,
  namesOf,
  stateOf,
  timeOf,
  waitedFor,
  waitsOf,
} from "../client/words.ts";
import type { Lane, TaskInfo } from "../protocol.ts";

/** How many children of a node are shown, unless more are asked for. */
const CHILDREN = 50;
/** How many roots are shown, unless more are asked for. */
const ROOTS = 200;
/** How many rows are shown at most. */
const MAX_ROWS = 2000;
/** The key of the parent of the roots. */
const ROOT = "root";

/** Which rows the page shows. */
export interface RowOptions {
  /**
   * Shows only nodes with this text in their names or waits, and those around
   * them.
   */
  readonly filter: string;
  /** As a tree, or as a list of the tasks that have waited longest. */
  readonly order: "tree" | "wait";
  /** The keys of the nodes that are folded. */
  readonly closed: readonly string[];
  /** How many children of a node are shown, by its key. */
  readonly shown: Readonly<Record<string, number>>;
}

/** A row of the page. */
export interface Row {
  readonly key: string;
  readonly kind: Node["kind"] | "more";
  readonly level: number;
  readonly name: string;
  readonly inRing: boolean;
  /** Whether it is unfolded, if it has children. */
  readonly open?: boolean;
  readonly task?: RowTask;
  /** For "more": how many rows are not shown, and the key of their parent. */
  readonly more?: number;
  readonly parent?: string;
}

/** The task of a row. */
export interface RowTask {
  readonly id: number;
  readonly name: string;
  readonly state: string;
  readonly waits: string;
  readonly since: string;
  readonly steps: number;
  readonly lane: Lane;
  /** All else that is known. */
  readonly details: readonly (readonly [title: string, text: string])[];
}

/** Returns the rows of a sample. */
export function rowsOf(
  sample: Sample,
  tree: TaskTree,
  options: RowOptions,
): Row[] {
  return new Rows(tree, sample, options).list;
}

class Rows {
  readonly list: Row[] = [];
  readonly #tree: TaskTree;
  readonly #sample: Sample;
  readonly #options: RowOptions;
  readonly #closed: ReadonlySet<string>;

  constructor(tree: TaskTree, sample: Sample, options: RowOptions) {
    this.#tree = tree;
    this.#sample = sample;
    this.#options = options;
    this.#closed = new Set(options.closed);
    if (options.order === "tree") this.#addTree();
    else this.#addLongest();
  }

  #addTree(): void {
    const { filter } = this.#options;
    const wanted = filter === "" ? undefined : this.#matching(filter);
    const isWanted = (node: Node) => wanted === undefined || wanted.has(node);
    const open: Piece[] = [];
    const push = (parent: string, nodes: readonly Node[], level: number) =>
      open.push(...this.#pieces(parent, nodes.filter(isWanted), level));
    push(ROOT, this.#tree.roots, 1);
    for (let piece = open.pop(); piece !== undefined; piece = open.pop()) {
      if (this.list.length >= MAX_ROWS) {
        this.list.push(restRow([piece, ...open]));
        break;
      }
      const { node, row, level } = piece;
      if (node === undefined) this.list.push(row!);
      else {
        const row = this.#rowOf(node, level);
        this.list.push(row);
        if (row.open) push(node.key, node.children, level + 1);
      }
    }
  }

  /** Returns the nodes with this text, and all nodes around them. */
  #matching(filter: string): Set<Node> {
    const text = filter.toLowerCase();
    const wanted = new Set<Node>();
    // Children before their parents.
    for (const { node } of placedIn(this.#tree.roots).reverse()) {
      const words = node.kind === "task" ? wordsOf(node.task!) : nameOf(node);
      const isMatch = words.toLowerCase().includes(text);
      if (isMatch || node.children.some((child) => wanted.has(child))) {
        wanted.add(node);
      }
    }
    return wanted;
  }

  /** Returns what is shown of the children of a node, the first one last. */
  #pieces(parent: string, nodes: readonly Node[], level: number): Piece[] {
    const { shown } = this.#options;
    const most = shown[parent] ?? (parent === ROOT ? ROOTS : CHILDREN);
    const pieces: Piece[] = nodes.slice(0, most).map((node) => ({
      node,
      level,
    }));
    const rest = nodes.slice(most);
    if (rest.length > 0) {
      pieces.push({ level, row: moreRow(parent, rest, level) });
    }
    return pieces.reverse();
  }

  #addLongest(): void {
    const { filter, shown } = this.#options;
    const text = filter.toLowerCase();
    const inRing = new Set(this.#tree.rings.flat());
    const age = (task: TaskInfo) => waitedFor(task) ?? -1;
    const nodes = this.#sample.snapshot.tasks.filter((task) =>
      wordsOf(task).toLowerCase().includes(text)
    ).sort((a, b) => age(b) - age(a)).map((task): Node => ({
      key: `t${task.id}`,
      kind: "task",
      task,
      scope: undefined,
      children: [],
      inRing: inRing.has(task.id),
    }));
    const most = Math.min(shown[ROOT] ?? ROOTS, MAX_ROWS);
    for (const node of nodes.slice(0, most)) {
      this.list.push(this.#rowOf(node, 1));
    }
    const rest = nodes.slice(most);
    if (rest.length > 0) this.list.push(moreRow(ROOT, rest, 1));
  }

  #rowOf(node: Node, level: number): Row {
    const { key, kind, task, children, inRing } = node;
    const isTask = kind === "task";
    return {
      key,
      kind,
      level,
      name: isTask ? safe(task!.name) : nameOf(node),
      inRing,
      ...children.length > 0 && { open: !this.#closed.has(key) },
      ...isTask && { task: this.#taskOf(task!) },
    };
  }

  #taskOf(task: TaskInfo): RowTask {
    const { activity, stepRates } = this.#sample;
    return {
      id: task.id,
      name: safe(task.name),
      state: stateOf(task),
      waits: waitsOf(task),
      since: timeOf(waitedFor(task)),
      steps: stepRates.get(task.id) ?? 0,
      lane: activity.lanes[task.id] ?? [],
      details: this.#detailsOf(task),
    };
  }

  #detailsOf(task: TaskInfo): [string, string][] {
    const named = (ids: readonly number[] = []) =>
      namesOf(ids, this.#tree.tasks);
    const details: [string, string | undefined][] = [
      ["waited for by", named(task.awaitedBy)],
      ["waits for tasks", named(this.#tree.awaits.get(task.id))],
      ...task.waits.map(({ what, at }): [string, string | undefined] => [
        `${safe(what)} at`,
        at,
      ]),
      ...(task.holds ?? []).map((it): [string, string] => ["holds a", it]),
      ["made at", task.made],
      ["loop", this.#sample.snapshot.loops > 1 ? String(task.loop) : undefined],
    ];
    return details.filter((it): it is [string, string] => Boolean(it[1]))
      .map(([title, text]) => [title, safe(text)]);
  }
}

/** Returns what the filter is compared with. */
function wordsOf(task: TaskInfo): string {
  return `${task.id} ${safe(task.name)} ${waitsOf(task)}`;
}

/** A node, or the row that stands for many. */
interface Piece {
  readonly node?: Node;
  readonly row?: Row;
  readonly level: number;
}

/** Returns the row that stands for all rows after the last one. */
function restRow(pieces: readonly Piece[]): Row {
  const nodes = pieces.flatMap(({ node }) => node ?? []);
  const count = placedIn(nodes).length +
    pieces.reduce((sum, { row }) => sum + (row?.more ?? 0), 0);
  return {
    key: "rest",
    kind: "more",
    level: 1,
    name: `${count} more: use the filter, or the other order`,
    inRing: false,
    more: count,
  };
}

/** Returns the row that stands for children that are not shown. */
function moreRow(parent: string, rest: readonly Node[], level: number): Row {
  const counts = new Map<string, number>();
  for (const { task, kind } of rest) {
    const what = kind === "task"
      ? `wait for ${waitsOf(task!)}`
      : `are ${kind}s`;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  const [most] = [...counts].sort(([, a], [, b]) => b - a);
  const [what, count] = most!;
  return {
    key: `more-${parent}`,
    kind: "more",
    level,
    name: `${rest.length} more, of which ${count} ${what}`,
    inRing: false,
    more: rest.length,
    parent,
  };
}
