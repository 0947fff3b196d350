/** What runs now, in memory that the other thread can read. @module */

/** How many bytes of text are kept. */
const MAX_LENGTH = 2048;

/**
 * A short text in shared memory, after a version, which is odd while the text
 * is written, and the length of the text.
 */
export class BusyNote {
  readonly shared: SharedArrayBuffer = new SharedArrayBuffer(8 + MAX_LENGTH);
  readonly #state = new Int32Array(this.shared, 0, 2);
  readonly #text = new Uint8Array(this.shared, 8);
  readonly #encoder = new TextEncoder();
  #isEmpty = true;

  write(text: string): void {
    Atomics.add(this.#state, 0, 1);
    const { written } = this.#encoder.encodeInto(text, this.#text);
    Atomics.store(this.#state, 1, written);
    Atomics.add(this.#state, 0, 1);
    this.#isEmpty = false;
  }

  clear(): void {
    if (this.#isEmpty) return;
    Atomics.store(this.#state, 1, 0);
    this.#isEmpty = true;
  }
}
