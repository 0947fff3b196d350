/** @module */
import { MAX_IDLE_BYTES } from "./buffer_pool.ts";

/**
 * Bytes that the first read asks for: little, as every idle connection holds as
 * much.
 */
const MIN_READ = 1024;
const MAX_READ = 262144;

/** How many bytes the next read asks for. */
export class ReadSize {
  #next = MIN_READ;

  get next(): number {
    return this.#next;
  }

  /** A read that asked for `asked` bytes has got `n`. */
  record(n: number, asked: number): void {
    if (n === asked) this.#next = Math.min(2 * this.#next, MAX_READ); // there may be more
    // More than an idle connection may keep is for a steady stream alone, as the
    // next read may wait for long.
    else if (this.#next > MAX_IDLE_BYTES) this.#next = MAX_IDLE_BYTES;
    else if (8 * n < asked) this.#next = Math.max(this.#next / 2, MIN_READ);
  }
}
