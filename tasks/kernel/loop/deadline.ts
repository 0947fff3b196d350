/** @module */
import type { Scheduler } from "./scheduler.ts";
import { Timer } from "./timer_heap.ts";

/**
 * Calls `reached` at a time, in a turn of the loop: it may call no user code.
 */
export class Deadline extends Timer {
  readonly runsUserCode = false;
  readonly #scheduler: Scheduler;
  /**
   * `undefined` once it was stopped, perhaps in the turn in which it is due.
   */
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

  /** Takes it back; does nothing if it was reached. */
  stop(): void {
    this.#reached = undefined;
    this.#scheduler.removeTimer(this);
  }
}
