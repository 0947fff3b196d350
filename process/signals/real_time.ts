/**
 * Real time, whatever the clock of the loop: children live in no other. @module
 */
import { clearTimeout, setTimeout } from "node:timers";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import {
  ExternalWaiter,
  type Place,
  type Waiter,
} from "../../tasks/kernel/wait/waiter.ts";

/** The runtime can wait no longer in one timer. */
const LONGEST = 2 ** 31 - 1;

/**
 * A wait that is woken with `undefined` when `ms` milliseconds are over;
 * `Infinity` is no limit.
 */
export class RealTimeWaiter<T> extends ExternalWaiter<T | undefined> {
  constructor(place: Place, ms: number) {
    const timed = new TimedPlace(place);
    super(timed);
    timed.arm(ms, () => this.wake(undefined));
  }
}

class TimedPlace implements Place {
  readonly #place: Place;
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  constructor(place: Place) {
    this.#place = place;
  }

  get what(): string {
    return this.#place.what;
  }

  arm(ms: number, over: () => void): void {
    if (ms === Infinity) return;
    const step = Math.min(Math.max(ms, 0), LONGEST);
    this.#timer = setTimeout(
      step < ms ? () => this.arm(ms - step, over) : over,
      step,
    );
  }

  leave(waiter: Waiter<unknown>): void {
    clearTimeout(this.#timer);
    this.#place.leave(waiter);
  }
}

/** Waits for `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  const line = new WaitQueue<void>("real time");
  return line.add(new RealTimeWaiter<void>(line, ms));
}
