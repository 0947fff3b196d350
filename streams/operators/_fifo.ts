/** @module */

/** What can stand in a {@linkcode Fifo}: one at a time. */
export interface Linked<N> {
  following: N | undefined;
}

/** First in, first out: linked through what stands in it. */
export class Fifo<N extends Linked<N>> {
  first: N | undefined = undefined;
  #last: N | undefined = undefined;

  push(node: N): void {
    if (this.first === undefined) this.first = node;
    else this.#last!.following = node;
    this.#last = node;
  }

  /** Takes the first out, if there is one. */
  shift(): N | undefined {
    const node = this.first;
    if (node !== undefined) this.first = node.following;
    return node;
  }
}
