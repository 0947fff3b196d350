/** @module */
import type { Entry } from "./_entry.ts";

/** Entries in the order in which they were added, also to be found by id. */
export class Entries implements Iterable<Entry> {
  readonly #all = new Set<Entry>();
  /** The first entry of each id that a user has given: random ids cost too much. */
  readonly #named = new Map<string, Entry>();

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#all.values();
  }

  add(entry: Entry): void {
    const { id, named } = entry;
    this.#all.add(entry);
    if (named && !this.#named.has(id)) this.#named.set(id, entry);
  }

  delete(entry: Entry): void {
    const { id, named } = entry;
    this.#all.delete(entry);
    if (named && this.#named.get(id) === entry) this.#named.delete(id);
  }

  /** The first entry with this id. */
  find(id: string): Entry | undefined {
    const found = this.#named.get(id);
    if (found !== undefined || this.#named.size === this.#all.size) {
      return found;
    }
    for (const entry of this) if (entry.id === id) return entry;
    return undefined;
  }

  clear(): void {
    this.#all.clear();
    this.#named.clear();
  }
}
