/** The dead letters of a queue in memory. @module */
import type { Entry } from "./_entry.ts";
import type { DeadJob } from "./dead_letter.ts";

/** A dead letter, with the entry that it was. */
export interface DeadEntry extends DeadJob {
  readonly entry: Entry;
  /** When it is forgotten, by the clock of the loop. */
  readonly until: number;
}

/** The dead letters, oldest first. */
export class MemoryDeadLetters {
  readonly #all = new Set<DeadEntry>();
  readonly #keep: number;
  readonly #now: () => number;

  /**
   * @param keep For how many milliseconds a dead letter is kept.
   * @param now Returns the time of the loop.
   */
  constructor(keep: number, now: () => number) {
    this.#keep = keep;
    this.#now = now;
  }

  get size(): number {
    this.#forgetOld();
    return this.#all.size;
  }

  /** A copy of the list. */
  get all(): DeadEntry[] {
    this.#forgetOld();
    return [...this.#all];
  }

  add(entry: Entry, reason: string): void {
    this.#forgetOld();
    const { id, data, attempts } = entry;
    const until = this.#now() + this.#keep;
    const date = new Date();
    this.#all.add({ id, data, attempts, reason, date, entry, until });
  }

  /** The oldest one with this id. */
  find(id: string): DeadEntry | undefined {
    return this.all.find((dead) => dead.id === id);
  }

  has(dead: DeadEntry): boolean {
    return this.#all.has(dead);
  }

  delete(dead: DeadEntry): boolean {
    return this.#all.delete(dead);
  }

  clear(): void {
    this.#all.clear();
  }

  #forgetOld(): void {
    if (this.#keep === Infinity) return;
    const now = this.#now();
    for (const dead of this.#all) {
      if (dead.until > now) return;
      this.#all.delete(dead);
    }
  }
}
