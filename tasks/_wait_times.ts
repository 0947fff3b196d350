/** @module */
import { type ObservedWait, Observer } from "./observer.ts";

/** Notes since when each wait lasts. */
export class WaitTimes extends Observer {
  readonly #now: () => number;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  override waits(wait: ObservedWait): void {
    wait.since = this.#now();
  }
}
