/** Priorities without starving. @module */
import { PRIORITIES, type Priority } from "./settings.ts";

/** Less urgent jobs are passed over so many times in a row, at most. */
export const PASSES = 31;

/**
 * Chooses among priorities: the most urgent one, but none is passed over more
 * than {@linkcode PASSES} times in a row while it has something.
 */
export class FairChoice {
  readonly #passed: number[] = PRIORITIES.map(() => 0);

  /** The priority to take from; `undefined` if none `has` anything. */
  choose(has: (priority: Priority) => boolean): Priority | undefined {
    let chosen: Priority | undefined;
    for (const priority of PRIORITIES) {
      if (!has(priority)) continue;
      if (this.#passed[priority]! >= PASSES) return priority;
      chosen ??= priority;
    }
    return chosen;
  }

  /** Notes that one of `priority` was taken. */
  taken(priority: Priority, has: (priority: Priority) => boolean): void {
    this.#passed[priority] = 0;
    for (let other = priority + 1; other < PRIORITIES.length; other++) {
      if (has(other as Priority)) this.#passed[other]!++;
    }
  }
}
