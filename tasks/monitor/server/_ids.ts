/** Numbers for objects. @module */

/** Gives objects numbers from 1, in the order in which they are asked for. */
export class Ids {
  readonly #known = new WeakMap<object, number>();
  #last = 0;

  of(thing: object): number {
    let id = this.#known.get(thing);
    if (id === undefined) this.#known.set(thing, id = ++this.#last);
    return id;
  }
}
