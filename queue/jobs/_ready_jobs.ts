/** Which waiting job is taken next. @module */
import type { Entry } from "./_entry.ts";
import { FairChoice } from "./fair_choice.ts";
import { ReadyLine } from "./_ready_line.ts";
import { PRIORITIES, type Priority } from "./settings.ts";

/**
 * The waiting entries, by priority and arrival. If as many jobs of a key run as
 * may, the next ones of that key are parked, and hold up no others.
 */
export class ReadyJobs {
  readonly #lines = PRIORITIES.map(() => new ReadyLine(byArrival));
  readonly #choice = new FairChoice();
  readonly #parked = new Map<string, ReadyLine>();
  /** The limit for each key by which entries are parked. */
  #parkedBy = Infinity;
  /** How many jobs of each key are leased. */
  readonly #running = new Map<string, number>();

  add(entry: Entry): void {
    entry.parked = false;
    this.#lines[entry.priority]!.add(entry);
  }

  /** Called before a waiting entry is gone. */
  removed(entry: Entry): void {
    if (!entry.parked) return this.#lines[entry.priority]!.removed(entry);
    const key = entry.key!;
    const line = this.#parked.get(key)!;
    line.removed(entry);
    if (line.size === 0) this.#parked.delete(key);
  }

  /** Whether there is no entry, whatever the limits. */
  get empty(): boolean {
    return this.#lines.every(({ size }) => size === 0) &&
      this.#parked.size === 0;
  }

  /** Takes the next entry of whose key less than `most` jobs run. */
  take(most = Infinity): Entry | undefined {
    if (most !== this.#parkedBy) this.#unparkAll();
    this.#parkedBy = most;
    const has = (priority: Priority) => this.#lines[priority]!.size > 0;
    for (;;) {
      const priority = this.#choice.choose(has);
      if (priority === undefined) return undefined;
      const entry = this.#lines[priority]!.take()!;
      if (entry.key !== undefined && this.#runs(entry.key) >= most) {
        this.#park(entry, entry.key);
        continue;
      }
      this.#choice.taken(priority, has);
      return entry;
    }
  }

  #runs(key: string): number {
    return this.#running.get(key) ?? 0;
  }

  /** Notes that a job of `key` is leased. */
  begun(key: string | undefined): void {
    if (key !== undefined) this.#running.set(key, this.#runs(key) + 1);
  }

  /** Notes that a job of `key` is no longer leased: unparks the next one. */
  ended(key: string | undefined): void {
    if (key === undefined) return;
    const left = this.#runs(key) - 1;
    if (left > 0) this.#running.set(key, left);
    else this.#running.delete(key);
    this.#unpark(key);
  }

  #park(entry: Entry, key: string): void {
    let line = this.#parked.get(key);
    if (line === undefined) {
      line = new ReadyLine(byPriority);
      this.#parked.set(key, line);
    }
    entry.parked = true;
    line.add(entry);
  }

  #unpark(key: string): void {
    const line = this.#parked.get(key);
    const entry = line?.take();
    if (line?.size === 0) this.#parked.delete(key);
    if (entry !== undefined) this.add(entry);
  }

  #unparkAll(): void {
    for (const line of this.#parked.values()) {
      for (let it = line.take(); it; it = line.take()) this.add(it);
    }
    this.#parked.clear();
  }

  clear(): void {
    for (const line of this.#lines) line.clear();
    this.#parked.clear();
  }
}

function byArrival(a: Entry, b: Entry): number {
  return a.arrival - b.arrival;
}

/** The order in which entries are taken, apart from fairness. */
export function byPriority(a: Entry, b: Entry): number {
  return a.priority - b.priority || a.arrival - b.arrival;
}
