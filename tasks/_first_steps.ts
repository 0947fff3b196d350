/** @module */
import { InContext } from "./_in_context.ts";
import type { Runnable } from "./runnable.ts";
import type { Scheduler } from "./scheduler.ts";

/**
 * The first steps of tasks that are made in one go, and so in one asynchronous
 * context: as many as the budget allows share the microtask that brings them
 * about, which is a fifth of what starting a task costs.
 */
export class FirstSteps implements Runnable {
  readonly calls = true;
  readonly #scheduler: Scheduler;
  readonly #steps: (Runnable | undefined)[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Lets `step` be taken soon, in the order of this. */
  add(step: Runnable): void {
    if (!this.#scheduler.spend()) this.#scheduler.defer(new InContext(step));
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
