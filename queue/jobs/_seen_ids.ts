/** @module */

/** The ids that were put within the window. */
export class SeenIds {
  readonly #window: number;
  /** When each id was put, oldest first. */
  readonly #times = new Map<string, number>();

  constructor(window: number) {
    this.#window = window;
  }

  has(id: string, now: number): boolean {
    for (const [old, time] of this.#times) {
      if (now - time < this.#window) break;
      this.#times.delete(old);
    }
    return this.#times.has(id);
  }

  add(id: string, now: number): void {
    this.#times.set(id, now);
  }

  clear(): void {
    this.#times.clear();
  }
}
