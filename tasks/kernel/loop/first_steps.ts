/** @module */
import type { Runnable } from "./runnable.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * The first steps of tasks that are made one after the other, in one
 * asynchronous context. As many as the budget allows share one microtask, which
 * is a fifth of what it costs to start a task.
 */
export class FirstSteps implements Runnable {
  readonly runsUserCode = true;
  readonly #scheduler: Scheduler;
  readonly #steps: (Runnable | undefined)[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Runs `step` soon, after the steps added before. */
  add(step: Runnable): void {
    if (!this.#scheduler.spendInOrder()) this.#scheduler.deferCall(step);
    else if (this.#steps.push(step) === 1) this.#scheduler.next(this);
  }

  run(): void {
    const steps = this.#steps;
    for (let i = 0; i < steps.length; i++) {
      const step = steps[i]!;
      steps[i] = undefined; // see Scheduler.#drain
      step.run();
    }
  }
}
