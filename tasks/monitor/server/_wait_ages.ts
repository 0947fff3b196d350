/** Notes when waits began, at no cost for each wait. @module */
import type { Task } from "../../task.ts";
import { MAX_TASKS } from "../protocol.ts";
import { type Loop, noteAges, tasksOn } from "./_kernel_view.ts";

/** How many tasks are visited at a time. */
const TASKS_PER_LOOK = 500;

/**
 * Visits some tasks at a time, over and over, and notes the time for waits that
 * it has not seen before. So a wait may be a little older than noted, which
 * makes no difference for a long one.
 */
export class WaitAges {
  readonly #loops: Iterable<Loop>;
  #round: Iterator<[Task<unknown>, Loop]>;

  constructor(loops: Iterable<Loop>) {
    this.#loops = loops;
    this.#round = this.#allTasks();
  }

  /** Visits the next tasks. */
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
      // Taken out one by one, so that no ended task is kept until the end of
      // the round.
      for (let task = tasks.pop(); task !== undefined; task = tasks.pop()) {
        if (!task.done) yield [task, loop];
      }
    }
  }
}
