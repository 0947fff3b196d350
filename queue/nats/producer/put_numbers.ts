/** @module */

/** How many jobs are remembered at least, if there are as many. */
const LEAST = 5000;

/**
 * The numbers in the stream of the jobs that this process has put last, by their
 * ids: those need not be looked for among all jobs.
 */
export class PutNumbers {
  #last = new Map<string, number>();
  /** Forgotten as a whole, which costs less than one by one. */
  #before = new Map<string, number>();

  add(id: string, seq: number): void {
    this.#last.set(id, seq);
    if (this.#last.size < LEAST) return;
    this.#before = this.#last;
    this.#last = new Map();
  }

  get(id: string): number | undefined {
    return this.#last.get(id) ?? this.#before.get(id);
  }
}
