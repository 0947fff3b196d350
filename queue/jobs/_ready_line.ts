/** @module */
import { PriorityQueue } from "../priority_queue.ts";
import type { Entry } from "./_entry.ts";

/** How many removed entries a line keeps, beside as many as are waiting. */
const SLACK = 64;

/** Waiting entries, in an order. */
export class ReadyLine {
  readonly #entries: PriorityQueue<Entry>;
  #size = 0;
  /** How many were removed, and are still in `#entries`. */
  #removed = 0;

  constructor(compare: (a: Entry, b: Entry) => number) {
    this.#entries = new PriorityQueue<Entry>(0, { compare });
  }

  /** How many are waiting. */
  get size(): number {
    return this.#size;
  }

  add(entry: Entry): void {
    this.#size++;
    this.#entries.putNowait(entry);
  }

  /** Takes the first entry. */
  take(): Entry | undefined {
    while (this.#size > 0) {
      const entry = this.#entries.getNowait();
      if (entry.state === "waiting") {
        this.#size--;
        return entry;
      }
      this.#removed--;
    }
    return undefined;
  }

  /** Called before a waiting entry is gone. */
  removed(entry: Entry): void {
    this.#size--;
    // Many are dropped at a time, as each time costs a look at all of them.
    if (++this.#removed <= this.#size + SLACK) return;
    this.#entries.remove((it) => it === entry || it.state !== "waiting");
    this.#removed = 0;
  }

  clear(): void {
    this.#entries.shutdown(true);
    this.#size = 0;
  }
}
