/** Numbers for what has none. @module */

/** Numbers from 1, in the order in which they were asked for. */
export class Ids {
  readonly #known = new WeakMap<object, number>();
  #last = 0;

  of(thing: object): number {
    let id = this.#known.get(thing);
    if (id === undefined) this.#known.set(thing, id = ++this.#last);
    return id;
  }
}
