/** @module */

/** How many message numbers a block covers. */
const BLOCK = 256;

/** How many blocks are kept: 131 072 numbers, in 1 MB. */
const MOST_BLOCKS = 512;

/** A stored message. Servers that lost messages use their numbers again. */
export interface StoredAt {
  /** The number of the message in its stream. */
  readonly sequence: number;
  /** When it was stored, in nanoseconds since 1970, as exact as a number can be. */
  readonly stored: number;
}

/**
 * The last jobs that this process has taken out of the queue. A server that was
 * killed, or one that leads since another was lost, may not know of it, and hand
 * them out again.
 */
export class DoneLog {
  /** The times of the messages, by their numbers. */
  readonly #blocks = new Map<number, Float64Array>();

  add({ sequence, stored }: StoredAt): void {
    this.#blockOf(sequence)[sequence % BLOCK] = stored;
  }

  #blockOf(sequence: number): Float64Array {
    const index = Math.floor(sequence / BLOCK);
    let block = this.#blocks.get(index);
    if (block === undefined) {
      block = new Float64Array(BLOCK);
      this.#blocks.set(index, block);
      if (this.#blocks.size > MOST_BLOCKS) {
        const [oldest] = this.#blocks.keys();
        this.#blocks.delete(oldest!);
      }
    }
    return block;
  }

  has({ sequence, stored }: StoredAt): boolean {
    const block = this.#blocks.get(Math.floor(sequence / BLOCK));
    return block !== undefined && block[sequence % BLOCK] === stored;
  }

  /** Forgets a job: that it was taken out was not confirmed. */
  delete(job: StoredAt): void {
    if (this.has(job)) this.#blockOf(job.sequence)[job.sequence % BLOCK] = 0;
  }
}
