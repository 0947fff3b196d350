/**
 * What the loop runs: wake-ups, callbacks, first steps of tasks.
 *
 * @module
 */
import type { Scheduler } from "./scheduler.ts";

/**
 * An entry of the ready queue: a wake-up, a callback, the first step of a task.
 */
export interface Runnable {
  run(): void;
  /** Whether `run` calls the user's code. Such entries keep their order. */
  readonly runsUserCode: boolean;
  /**
   * How many microtasks after `run` the code that it causes runs. Given if the
   * entry keeps the order of causes: see `SoonQueue`.
   */
  readonly lag?: number;
  /** Adds the promises that it settles, if it is the wake-up of a wait. */
  noteSettling?(promises: Set<unknown>): void;
}

/** Settles a promise in the next turn. */
export class Settlement<T> implements Runnable {
  readonly runsUserCode = false;
  readonly promise: Promise<T>;
  run!: () => void;

  constructor(
    scheduler: Scheduler,
    settle: (
      resolve: (value: T) => void,
      reject: (error: unknown) => void,
    ) => void,
  ) {
    this.promise = new Promise<T>((resolve, reject) => {
      this.run = () => settle(resolve, reject);
    });
    scheduler.defer(this);
  }

  noteSettling(promises: Set<unknown>): void {
    promises.add(this.promise);
  }
}

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
