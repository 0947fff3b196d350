/** @module */
import type { Entry } from "./_entry.ts";

/** Entries in the order in which they were added, also to be found by id. */
export class Entries implements Iterable<Entry> {
  /** By their ids; by themselves, if there is another one with that id. */
  readonly #all = new Map<string | Entry, Entry>();
  /** How many have the id of another one. */
  #doubles = 0;

  get size(): number {
    return this.#all.size;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#all.values();
  }

  add(entry: Entry): void {
    const isDouble = this.#all.has(entry.id);
    if (isDouble) this.#doubles++;
    this.#all.set(isDouble ? entry : entry.id, entry);
  }

  delete(entry: Entry): void {
    if (this.#all.get(entry.id) === entry) this.#all.delete(entry.id);
    else if (this.#all.delete(entry)) this.#doubles--;
  }

  /** The first entry with this id. */
  find(id: string): Entry | undefined {
    const found = this.#all.get(id);
    if (found !== undefined || this.#doubles === 0) return found;
    for (const entry of this) if (entry.id === id) return entry;
    return undefined;
  }

  clear(): void {
    this.#all.clear();
    this.#doubles = 0;
  }
}
