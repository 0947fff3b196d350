/** @module */

interface Link<T> {
  readonly value: T;
  next: Link<T> | undefined;
}

/** First in, first out: a linked list. */
export class Fifo<T> {
  #first: Link<T> | undefined = undefined;
  #last: Link<T> | undefined = undefined;
  #size = 0;

  get size(): number {
    return this.#size;
  }

  get first(): T | undefined {
    return this.#first?.value;
  }

  push(value: T): void {
    const link = { value, next: undefined };
    if (this.#last === undefined) this.#first = link;
    else this.#last.next = link;
    this.#last = link;
    this.#size++;
  }

  /** Takes the first out; there is one. */
  shift(): T {
    const { value, next } = this.#first!;
    this.#first = next;
    if (next === undefined) this.#last = undefined;
    this.#size--;
    return value;
  }

  *[Symbol.iterator](): Iterator<T> {
    for (let link = this.#first; link !== undefined; link = link.next) {
      yield link.value;
    }
  }
}
