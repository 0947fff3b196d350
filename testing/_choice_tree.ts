/** What is known of the schedules of a scenario. @module */
import type { Random } from "./_random.ts";
import type { Choice } from "./_schedule.ts";

interface Node {
  /**
   * What follows each choice; `undefined` where it was never made, `"seen"`
   * where all that follows was.
   */
  readonly children: (Node | "seen" | undefined)[];
  /** How many of the children are not `"seen"`. */
  open: number;
}

/**
 * Deeper choices do not fit into a seed, so there is no use in knowing them.
 */
const DEPTH = 52;

/**
 * The choices that were seen, as a tree: what was never tried is found by
 * walking down at random, and once nothing is left, all schedules were seen.
 * Parts that were seen to the end are dropped.
 */
export class ChoiceTree {
  #root: Node | "seen" | undefined = undefined;
  /**
   * Whether the same choices were seen to lead to different ones: there is no
   * telling then what was seen.
   */
  #inconsistent = false;

  /** Whether there is nothing that was not tried. */
  get complete(): boolean {
    return this.#root === "seen" && !this.#inconsistent;
  }

  /** Notes the choices of a run, from its beginning to its end. */
  add(choices: readonly Choice[]): void {
    if (this.#inconsistent) return;
    this.#root = this.#grow(this.#root, choices, 0);
  }

  /**
   * Choices that were never tried, the last of them new; `undefined` where the
   * tree can't tell.
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

/** The `index`-th child that is not `"seen"`. */
function nth({ children }: Node, index: number): number {
  return children.findIndex((child) => child !== "seen" && index-- === 0);
}
