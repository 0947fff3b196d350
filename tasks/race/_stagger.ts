/** @module */
import { Deadline } from "../kernel/loop/deadline.ts";
import type { Loop } from "../kernel/loop/loop.ts";

/**
 * Lets functions start this many milliseconds after each other, or as soon as the
 * one before has failed.
 */
export class Stagger {
  readonly #loop: Loop;
  readonly #interval: number;
  /** When the next one may start, on the loop's clock. */
  #next = -Infinity;
  #endPause: (() => void) | undefined = undefined;

  constructor(loop: Loop, interval: number) {
    this.#loop = loop;
    this.#interval = interval;
  }

  get isTooEarly(): boolean {
    return this.#next > -Infinity && this.#next > this.#loop.clock.now();
  }

  /** One starts. */
  started(): void {
    this.#next = this.#loop.clock.now() + this.#interval;
  }

  /** The last that has started has failed. */
  failed(): void {
    this.#next = -Infinity;
    this.endPause();
  }

  /** Calls `resume`, in the caller's context, when the next one may start. */
  pause(resume: () => void): void {
    const { promise, resolve } = Promise.withResolvers<void>();
    promise.then(resume);
    const deadline = this.#next === Infinity
      ? undefined
      : new Deadline(this.#loop, this.#next, () => this.endPause());
    this.#endPause = () => {
      deadline?.stop();
      resolve();
    };
  }

  endPause(): void {
    const end = this.#endPause;
    this.#endPause = undefined;
    end?.();
  }
}
