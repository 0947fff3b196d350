/** @module */

/** How many jobs are remembered. */
const MOST = 10_000;

/**
 * The numbers in the stream of the jobs that this process has put last, by their
 * ids: those need not be looked for among all jobs.
 */
export class PutNumbers {
  /** Oldest first. */
  readonly #numbers = new Map<string, number>();

  add(id: string, seq: number): void {
    this.#numbers.delete(id);
    this.#numbers.set(id, seq);
    if (this.#numbers.size <= MOST) return;
    const [oldest] = this.#numbers.keys();
    this.#numbers.delete(oldest!);
  }

  get(id: string): number | undefined {
    return this.#numbers.get(id);
  }
}
