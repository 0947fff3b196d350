/** Real time, whatever the clock of the loop, as children live in it. @module */
import { clearTimeout, setTimeout } from "node:timers";
import { QueuedWaiter, WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";

/** The longest timer of the runtime, in milliseconds. */
const LONGEST = 2 ** 31 - 1;

/**
 * A wait that is woken with `undefined` after `ms` milliseconds; `Infinity` is no
 * limit.
 */
export class RealTimeWaiter<T> extends QueuedWaiter<T | undefined> {
  #timer: ReturnType<typeof setTimeout> | undefined = undefined;

  constructor(ms: number) {
    super();
    this.#arm(ms);
  }

  protected override leave(): void {
    super.leave();
    clearTimeout(this.#timer);
  }

  #arm(ms: number): void {
    if (ms === Infinity) return;
    const step = Math.min(Math.max(ms, 0), LONGEST);
    this.#timer = setTimeout(() => {
      if (step < ms) this.#arm(ms - step);
      else this.wake(undefined);
    }, step);
  }
}

/** Waits for `ms` milliseconds. */
export function pause(ms: number): Promise<void> {
  const waiters = new WaitQueue<void>("real time", { external: true });
  return waiters.add(new RealTimeWaiter<void>(ms));
}
