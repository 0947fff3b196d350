/** @module */

/**
 * Bytes that the first read asks for: little, as every idle connection holds as
 * much.
 */
const MIN_READ = 1024;
const MAX_READ = 262144;

/**
 * How many bytes the next read asks for.
 *
 * @param idle What an idle connection may keep. More is for a steady stream
 * alone, as the next read may wait for long.
 */
export class ReadSize {
  readonly #idle: number;
  #next = MIN_READ;

  constructor(idle: number) {
    this.#idle = idle;
  }

  get next(): number {
    return this.#next;
  }

  /** A read that asked for `asked` bytes has got `n`. */
  record(n: number, asked: number): void {
    if (n === asked) this.#next = Math.min(2 * this.#next, MAX_READ); // there may be more
    else if (this.#next > this.#idle) this.#next = this.#idle;
    else if (8 * n < asked) this.#next = Math.max(this.#next / 2, MIN_READ);
  }
}
