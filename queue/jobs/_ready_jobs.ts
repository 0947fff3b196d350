/** Which waiting job is taken next. @module */
import { PriorityQueue } from "../priority_queue.ts";
import type { Entry } from "./_entry.ts";
import { FairChoice } from "./fair_choice.ts";
import { PRIORITIES, type Priority } from "./settings.ts";

/**
 * The waiting entries, by priority and arrival. If as many jobs of a key run as
 * may, the next ones of that key are parked, and hold up no others.
 */
export class ReadyJobs {
  readonly #lines = PRIORITIES.map(() =>
    new PriorityQueue<Entry>(0, { compare: byArrival })
  );
  /** How many entries of each line are still waiting. */
  readonly #sizes: number[] = PRIORITIES.map(() => 0);
  readonly #choice = new FairChoice();
  readonly #parked = new Map<string, PriorityQueue<Entry>>();
  /** The limit for each key by which entries are parked. */
  #parkedBy = Infinity;
  /** How many jobs of each key are leased. */
  readonly #running = new Map<string, number>();

  add(entry: Entry): void {
    entry.parked = false;
    this.#sizes[entry.priority]!++;
    this.#lines[entry.priority]!.putNowait(entry);
  }

  /** Notes that `entry` was taken out of the queue: its line drops it later. */
  removed(entry: Entry): void {
    if (!entry.parked) this.#sizes[entry.priority]!--;
  }

  /** Whether there is no entry, whatever the limits. */
  get empty(): boolean {
    return this.#sizes.every((size) => size === 0) && this.#parked.size === 0;
  }

  /** Takes the next entry of whose key less than `most` jobs run. */
  take(most = Infinity): Entry | undefined {
    if (most !== this.#parkedBy) this.#unparkAll();
    this.#parkedBy = most;
    const has = (priority: Priority) => this.#sizes[priority]! > 0;
    for (;;) {
      const priority = this.#choice.choose(has);
      if (priority === undefined) return undefined;
      const entry = this.#lines[priority]!.getNowait();
      if (entry.state !== "waiting") continue; // it was removed
      this.#sizes[priority]!--;
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
      line = new PriorityQueue<Entry>(0, { compare: byPriority });
      this.#parked.set(key, line);
    }
    entry.parked = true;
    line.putNowait(entry);
  }

  #unpark(key: string): void {
    const line = this.#parked.get(key);
    while (line !== undefined && !line.empty) {
      const entry = line.getNowait();
      if (line.empty) this.#parked.delete(key);
      if (entry.state !== "waiting") continue;
      return this.add(entry);
    }
  }

  #unparkAll(): void {
    for (const line of this.#parked.values()) {
      while (!line.empty) {
        const entry = line.getNowait();
        if (entry.state === "waiting") this.add(entry);
      }
    }
    this.#parked.clear();
  }

  clear(): void {
    for (const line of this.#lines) line.shutdown(true);
    this.#sizes.fill(0);
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
