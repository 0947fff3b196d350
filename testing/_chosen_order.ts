/** @module */
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import type { Runnable } from "../tasks/kernel/loop/runnable.ts";
import type { WakeUpOrder } from "../tasks/kernel/loop/scheduler.ts";
import type { Timer } from "../tasks/kernel/loop/timer_heap.ts";

/** Decides which of `count` candidates is first. */
type Choose = (count: number) => number;

/** Chooses among the orders that the rules leave open. */
export class ChosenOrder implements WakeUpOrder {
  readonly #loop: Loop;
  readonly #choose: Choose;
  readonly #addedAt = new WeakMap<Timer, number>();

  constructor(loop: Loop, choose: Choose) {
    this.#loop = loop;
    this.#choose = choose;
  }

  timerAdded(timer: Timer): void {
    this.#addedAt.set(timer, this.#loop.clock.now());
  }

  /**
   * Returns the entry of `ready` that runs next. Calls of user code keep their
   * order, so only the first of them is a candidate.
   */
  next(ready: readonly Runnable[]): Runnable | undefined {
    let hasCall = false;
    return this.#first(ready.filter(({ runsUserCode }) => {
      const isLaterCall = runsUserCode && hasCall;
      hasCall ||= runsUserCode;
      return !isLaterCall;
    }));
  }

  /**
   * Returns the timers of `due` in the order in which they fire. Timers of the
   * same time may fire in any order if they were added at different times;
   * those added at the same time keep their order.
   */
  sorted(due: readonly Timer[]): Timer[] {
    const left = [...due];
    const sorted: Timer[] = [];
    while (left.length > 0) {
      const { when } = left[0]!;
      const candidates = new Map<number | undefined, Timer>();
      for (const timer of left) {
        const added = this.#addedAt.get(timer);
        if (timer.when === when && !candidates.has(added)) {
          candidates.set(added, timer);
        }
      }
      const next = this.#first([...candidates.values()])!;
      left.splice(left.indexOf(next), 1);
      sorted.push(next);
    }
    return sorted;
  }

  #first<T>(candidates: readonly T[]): T | undefined {
    const { length } = candidates;
    return candidates[length > 1 ? this.#choose(length) : 0];
  }
}
