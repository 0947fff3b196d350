/** The tree of tasks, groups, timeouts and shields. @module */
import type { ScopeInfo, Snapshot, TaskInfo } from "../protocol.ts";
import { findRings } from "./rings.ts";

/** Something in the tree. */
export interface Node {
  /** Identifies the node in all snapshots of the program. */
  readonly key: string;
  readonly kind: "task" | "timeout" | "group" | "shield";
  /** The task itself, or the task of the scope. */
  readonly task: TaskInfo | undefined;
  readonly scope: ScopeInfo | undefined;
  readonly children: Node[];
  /** Whether it is a task that waits for itself, through others. */
  readonly inRing: boolean;
}

/** A node, and its depth. */
export interface Placed {
  readonly node: Node;
  readonly depth: number;
}

/**
 * The tree of a snapshot. A task of a group is below the group, any other task
 * below the task that waits for it. Groups, timeouts and shields are below
 * their task, or below each other. Of the roots, rings come first.
 */
export class TaskTree {
  readonly tasks: ReadonlyMap<number, TaskInfo>;
  /** The tasks that each task waits for. */
  readonly awaits: ReadonlyMap<number, readonly number[]>;
  readonly rings: readonly (readonly number[])[];
  readonly roots: readonly Node[];
  readonly #scopes: ReadonlyMap<number, ScopeInfo>;
  readonly #groups: ReadonlySet<number>;
  readonly #nodes = new Map<string, Node>();

  constructor({ tasks, scopes }: Snapshot) {
    this.tasks = new Map(tasks.map((task) => [task.id, task]));
    this.#scopes = new Map(scopes.map((scope) => [scope.id, scope]));
    this.#groups = new Set(
      tasks.map(({ group }) => group).filter((it) => it !== undefined),
    );
    this.awaits = awaitsOf(tasks, this.tasks);
    this.rings = findRings(tasks, this.awaits);
    const inRing = new Set(this.rings.flat());
    for (const task of tasks) {
      this.#add("task", `t${task.id}`, task, undefined, inRing.has(task.id));
    }
    for (const scope of scopes) {
      const kind = this.#kindOf(scope);
      if (kind === undefined) continue;
      const task = this.tasks.get(scope.task);
      this.#add(kind, `s${scope.id}`, task, scope, false);
    }
    this.roots = this.#connect();
  }

  #add(
    kind: Node["kind"],
    key: string,
    task: TaskInfo | undefined,
    scope: ScopeInfo | undefined,
    inRing: boolean,
  ): void {
    this.#nodes.set(key, { key, kind, task, scope, inRing, children: [] });
  }

  /** Returns what a scope is; `undefined` if it is not shown. */
  #kindOf({ id, left, shielded }: ScopeInfo): Node["kind"] | undefined {
    if (this.#groups.has(id)) return "group";
    if (left !== undefined) return "timeout";
    return shielded ? "shield" : undefined;
  }

  /** Adds each node to its parent, and returns the roots. */
  #connect(): Node[] {
    const roots: Node[] = [];
    for (const node of this.#nodes.values()) {
      const parent = this.#parentOf(node);
      if (parent === undefined) roots.push(node);
      else parent.children.push(node);
    }
    const rings: Node[] = [];
    const reached = new Set(placedIn(roots).map(({ node }) => node));
    for (const node of this.#nodes.values()) {
      if (reached.has(node)) continue;
      const first = this.#cutRing(node);
      rings.push(first);
      for (const { node: below } of placedIn([first])) reached.add(below);
    }
    return [...rings, ...roots];
  }

  /**
   * A ring has no root: takes its oldest task from its parent, and returns that
   * task.
   *
   * @param node A node of the ring, or below it.
   */
  #cutRing(node: Node): Node {
    const path = new Set<Node>();
    let at = node;
    for (; !path.has(at); at = this.#parentOf(at)!) path.add(at);
    const ring = [...path].slice([...path].indexOf(at));
    const first = ring.filter(({ kind }) => kind === "task").reduce((a, b) =>
      a.task!.id < b.task!.id ? a : b
    );
    const { children } = this.#parentOf(first)!;
    children.splice(children.indexOf(first), 1);
    return first;
  }

  #parentOf({ kind, task, scope }: Node): Node | undefined {
    if (kind !== "task") {
      return this.#shown(scope!.parent) ?? this.#nodes.get(`t${scope!.task}`);
    }
    if (task!.group !== undefined) {
      const group = this.#nodes.get(`s${task!.group}`);
      if (group !== undefined) return group;
    }
    const awaiter = task!.awaitedBy.find((id) => this.tasks.has(id));
    if (awaiter === undefined || awaiter === task!.id) return undefined;
    const { waits } = this.tasks.get(awaiter)!;
    const scopeOfWait = waits.length === 1 ? waits[0]!.scope : undefined;
    return this.#shown(scopeOfWait) ?? this.#nodes.get(`t${awaiter}`);
  }

  /**
   * Returns the node of a scope, or of the nearest scope around it that is
   * shown.
   */
  #shown(id: number | undefined): Node | undefined {
    for (let at = id; at !== undefined; at = this.#scopes.get(at)?.parent) {
      const node = this.#nodes.get(`s${at}`);
      if (node !== undefined) return node;
    }
    return undefined;
  }
}

/** Returns the nodes and all below them, each after its parent. */
export function placedIn(
  roots: readonly Node[],
  isOpen: (node: Node) => boolean = () => true,
): Placed[] {
  const placed: Placed[] = [];
  const open = roots.map((node) => ({ node, depth: 0 })).reverse();
  for (let next = open.pop(); next !== undefined; next = open.pop()) {
    placed.push(next);
    const { node, depth } = next;
    if (!isOpen(node)) continue;
    for (const child of node.children.toReversed()) {
      open.push({ node: child, depth: depth + 1 });
    }
  }
  return placed;
}

function awaitsOf(
  tasks: readonly TaskInfo[],
  known: ReadonlyMap<number, TaskInfo>,
): Map<number, number[]> {
  const awaits = new Map<number, number[]>();
  for (const { id, awaitedBy } of tasks) {
    for (const awaiter of awaitedBy) {
      if (!known.has(awaiter)) continue;
      const list = awaits.get(awaiter);
      if (list === undefined) awaits.set(awaiter, [id]);
      else list.push(id);
    }
  }
  return awaits;
}
