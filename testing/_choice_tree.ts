/** The schedules of a scenario that were tried. @module */
import type { Random } from "./_random.ts";
import type { Choice } from "./_schedule.ts";

interface Node {
  /**
   * What follows each choice: `undefined` if it was never made, `"seen"` if all
   * that follows was seen.
   */
  readonly children: (Node | "seen" | undefined)[];
  /** How many of the children are not `"seen"`. */
  open: number;
}

/**
 * Choices are recorded up to this depth: deeper ones do not fit into a seed.
 */
const DEPTH = 52;

/**
 * The choices that were seen, as a tree. A random walk down the tree finds
 * choices that were never tried. If there are none, all schedules were seen.
 * Parts that were seen to the end are dropped.
 */
export class ChoiceTree {
  #root: Node | "seen" | undefined = undefined;
  /**
   * Whether the same choices have led to different ones: then the tree cannot
   * tell what was seen.
   */
  #inconsistent = false;

  /** Whether all schedules were tried. */
  get complete(): boolean {
    return this.#root === "seen" && !this.#inconsistent;
  }

  /** Adds all choices of a run. */
  add(choices: readonly Choice[]): void {
    if (this.#inconsistent) return;
    this.#root = this.#grow(this.#root, choices, 0);
  }

  /**
   * Returns choices of which the last was never tried; `undefined` if the tree
   * cannot tell.
   */
  untried(random: Random): Choice[] | undefined {
    if (this.#inconsistent) return undefined;
    const path: Choice[] = [];
    let node = this.#root;
    while (node !== undefined) {
      if (node === "seen" || path.length === DEPTH) return undefined;
      const chosen = nth(node, random.below(node.open));
      path.push({ chosen, count: node.children.length });
      node = node.children[chosen];
    }
    return path;
  }

  #grow(
    node: Node | "seen" | undefined,
    choices: readonly Choice[],
    at: number,
  ): Node | "seen" {
    if (node === "seen") return node;
    const choice = choices[at];
    if (choice === undefined) {
      if (node !== undefined) this.#inconsistent = true;
      return "seen";
    }
    const { chosen, count } = choice;
    node ??= { children: new Array(count).fill(undefined), open: count };
    if (node.children.length !== count) {
      this.#inconsistent = true;
      return node;
    }
    if (at === DEPTH || node.children[chosen] === "seen") return node;
    const child = this.#grow(node.children[chosen], choices, at + 1);
    node.children[chosen] = child;
    if (child === "seen") node.open--;
    return node.open === 0 ? child : node;
  }
}

/** Returns the place of the `index`-th child that is not `"seen"`. */
function nth({ children }: Node, index: number): number {
  return children.findIndex((child) => child !== "seen" && index-- === 0);
}
