/** @module */
import { getRunningLoop } from "../../tasks/event_loop.ts";
import type { TimerHandle } from "../../tasks/handle.ts";

/**
 * Looks at jobs when their time to begin is over. The process that puts a job
 * does so; a worker that gets it looks as well.
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
