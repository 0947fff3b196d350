/** Since when waits last, without a cost to each of them. @module */
import type { Task } from "../../task.ts";
import { MAX_TASKS } from "../protocol.ts";
import { type Loop, noteAges, tasksOn } from "./_kernel_view.ts";

/** So many tasks are looked at each time. */
const TASKS_PER_LOOK = 500;

/**
 * Visits some tasks at a time, over and over, and notes the time at waits that it
 * has not seen before. So a wait may be a little older than it seems; for those
 * that last long, which are the ones of interest, that makes no difference.
 */
export class WaitAges {
  readonly #loops: Iterable<Loop>;
  #round: Iterator<[Task<unknown>, Loop]>;

  constructor(loops: Iterable<Loop>) {
    this.#loops = loops;
    this.#round = this.#allTasks();
  }

  /** Looks at the next tasks. */
  look(): void {
    for (let i = 0; i < TASKS_PER_LOOK; i++) {
      const { done, value } = this.#round.next();
      if (done) {
        this.#round = this.#allTasks();
        return;
      }
      noteAges(...value as [Task<unknown>, Loop]);
    }
  }

  *#allTasks(): Generator<[Task<unknown>, Loop]> {
    for (const loop of this.#loops) {
      const tasks = tasksOn(loop, MAX_TASKS).reverse();
      // Those that have ended are not kept until the round is over.
      for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
        if (!task.done) yield [task, loop];
      }
    }
  }
}
