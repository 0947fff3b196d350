/** @module */

/**
 * Iterates over what `read` gives, up to the first empty one. By hand, since an async generator would wait for the read that
 * is under way before it returns.
 */
export class StreamIterator<T> implements AsyncIterator<T, undefined> {
  readonly #read: () => Promise<Uint8Array>;
  readonly #giveUp: () => void;
  readonly #convert: (bytes: Uint8Array) => T;
  #reading = false;
  #done = false;

  constructor(
    read: () => Promise<Uint8Array>,
    giveUp: () => void,
    convert: (bytes: Uint8Array) => T,
  ) {
    this.#read = read;
    this.#giveUp = giveUp;
    this.#convert = convert;
  }

  async next(): Promise<IteratorResult<T, undefined>> {
    if (this.#done) return { done: true, value: undefined };
    if (this.#reading) {
      throw new Error("the iterator reads already: one next() at a time");
    }
    this.#reading = true;
    try {
      const bytes = await this.#read();
      if (bytes.length > 0) return { done: false, value: this.#convert(bytes) };
      this.#done = true;
      return { done: true, value: undefined };
    } finally {
      this.#reading = false;
    }
  }

  return(): Promise<IteratorResult<T, undefined>> {
    this.#done = true;
    if (this.#reading) this.#giveUp();
    return Promise.resolve({ done: true, value: undefined });
  }
}
