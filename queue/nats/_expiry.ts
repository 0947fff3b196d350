/** Timers for jobs that expire. @module */
import { getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";

/**
 * Calls functions when the time to begin of jobs is over. They run in the process
 * that has put the job; a worker that gets it checks the time as well.
 */
export class ExpiryTimers {
  readonly #loop = getRunningLoop();
  readonly #timers = new Set<TimerHandle>();
  #closed = false;

  /** Calls `look` in `ms` milliseconds. */
  add(ms: number, look: () => void): void {
    if (this.#closed) return;
    const timer = this.#loop.callLater(ms, () => {
      this.#timers.delete(timer);
      look();
    });
    this.#timers.add(timer);
  }

  close(): void {
    this.#closed = true;
    for (const timer of this.#timers) timer.cancel();
  }
}
