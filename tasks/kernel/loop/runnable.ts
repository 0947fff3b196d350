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
  /**
   * Whether it is a call of foreign code: those keep their order among each
   * other.
   */
  readonly runsUserCode: boolean;
  /**
   * How many microtasks after `run` its code goes on; given if the order counts
   * in which it and what is caused before and after it happen.
   */
  readonly lag?: number;
  /** The promise that it settles, if it is the wake-up of a wait. */
  readonly promise?: Promise<unknown>;
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
}

/**
 * Lets `entry` run in the asynchronous context where this was made, not where
 * the loop happens to be: so that the stores of others, such as the active span
 * of a trace, are found there too.
 *
 * A reaction of a promise runs in the context in which it was added, and that
 * is much cheaper than any other way to get there. It also gives the entry its
 * place among the continuations of the promises that the loop resolves.
 */
export class BoundCallback implements Runnable {
  readonly runsUserCode = true;
  readonly lag = 1;
  readonly run: () => void;

  constructor(entry: Runnable) {
    let run!: () => void; // Node 20 has no Promise.withResolvers
    new Promise<void>((resolve) => run = resolve).then(() => entry.run());
    this.run = run;
  }
}

/**
 * The first steps of tasks that are made in one go, and so in one asynchronous
 * context: as many as the budget allows share the microtask that brings them
 * about, which is a fifth of what starting a task costs.
 */
export class FirstSteps implements Runnable {
  readonly runsUserCode = true;
  readonly #scheduler: Scheduler;
  readonly #steps: (Runnable | undefined)[] = [];

  constructor(scheduler: Scheduler) {
    this.#scheduler = scheduler;
  }

  /** Lets `step` be taken soon, in the order of this. */
  add(step: Runnable): void {
    if (!this.#scheduler.spend()) {
      this.#scheduler.defer(new BoundCallback(step));
    } else if (this.#steps.push(step) === 1) this.#scheduler.next(this);
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
