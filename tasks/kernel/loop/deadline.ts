/** @module */
import type { Scheduler } from "./scheduler.ts";
import { Timer } from "./timer_heap.ts";

/** Calls a function of the kernel at a time; it may call no foreign code. */
export class Deadline extends Timer {
  readonly runsUserCode = false;
  readonly #scheduler: Scheduler;
  /** None if it was stopped, perhaps in the turn in which it is due. */
  #reached: (() => void) | undefined;

  constructor(scheduler: Scheduler, when: number, reached: () => void) {
    super(when);
    this.#scheduler = scheduler;
    this.#reached = reached;
    scheduler.addTimer(this);
  }

  run(): void {
    this.#reached?.();
  }

  /** Lets go of it; harmless when it was reached. */
  stop(): void {
    this.#reached = undefined;
    this.#scheduler.removeTimer(this);
  }
}
