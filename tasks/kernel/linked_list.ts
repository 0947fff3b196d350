/** @module */

/** An item of a {@linkcode LinkedList}. */
export interface LinkedNode<S> {
  previousSibling: S | undefined;
  nextSibling: S | undefined;
}

/**
 * A list, oldest item first: the tasks of a loop, the scopes inside a scope,
 * the children of a group. The items hold the links, which costs a fifth of a
 * `Set`.
 */
export class LinkedList<S extends LinkedNode<S>> implements Iterable<S> {
  #first: S | undefined = undefined;
  #last: S | undefined = undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  /** The oldest item. */
  get first(): S | undefined {
    return this.#first;
  }

  /** The youngest item. */
  get last(): S | undefined {
    return this.#last;
  }

  add(sibling: S): void {
    const last = this.#last;
    sibling.previousSibling = last;
    if (last === undefined) this.#first = sibling;
    else last.nextSibling = sibling;
    this.#last = sibling;
    this.#size++;
  }

  /** Removes `sibling`, which is in the list. */
  remove(sibling: S): void {
    const { previousSibling: previous, nextSibling: next } = sibling;
    if (previous === undefined) this.#first = next;
    else previous.nextSibling = next;
    if (next === undefined) this.#last = previous;
    else next.previousSibling = previous;
    sibling.previousSibling = sibling.nextSibling = undefined;
    this.#size--;
  }

  /** The item of the current step may be removed. */
  *[Symbol.iterator](): Iterator<S> {
    let next = this.#first;
    while (next !== undefined) {
      const sibling = next;
      next = next.nextSibling;
      yield sibling;
    }
  }
}
