/** Priorities without starvation. @module */
import { PRIORITIES, type Priority } from "./settings.ts";

/** How often a less urgent job is passed over in a row, at most. */
export const PASSES = 31;

/**
 * Chooses among priorities: the most urgent one that has jobs. None that has jobs
 * is passed over more than {@linkcode PASSES} times in a row.
 */
export class FairChoice {
  readonly #passed: number[] = PRIORITIES.map(() => 0);

  /**
   * Returns the priority to take from; `undefined` if there are no jobs.
   *
   * @param has Whether there are jobs of a priority.
   */
  choose(has: (priority: Priority) => boolean): Priority | undefined {
    let chosen: Priority | undefined;
    for (const priority of PRIORITIES) {
      if (!has(priority)) continue;
      if (this.#passed[priority]! >= PASSES) return priority;
      chosen ??= priority;
    }
    return chosen;
  }

  /** Notes that a job of `priority` was taken. */
  taken(priority: Priority, has: (priority: Priority) => boolean): void {
    this.#passed[priority] = 0;
    for (let other = priority + 1; other < PRIORITIES.length; other++) {
      if (has(other as Priority)) this.#passed[other]!++;
    }
  }
}
