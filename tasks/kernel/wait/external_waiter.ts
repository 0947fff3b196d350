/** Waits for the world outside: a socket, a child, a thread. @module */
import type { Scheduler } from "../loop/scheduler.ts";
import type { WaitOptions } from "../types.ts";
import { Waiter } from "./waiter.ts";

/**
 * Counts the waits for the world outside: as long as there is one, something may
 * still happen though no task can run.
 */
export function countExternal(scheduler: Scheduler, change: 1 | -1): void {
  scheduler.external += change;
  if (change < 0 && scheduler.onWait !== undefined) scheduler.onWait();
}

/** A wait for the world outside that stands in no queue. */
export abstract class ExternalWaiter<T> extends Waiter<T> {
  constructor(options?: WaitOptions) {
    super(options);
    countExternal(this.scope.scheduler, 1);
  }

  override get isExternal(): boolean {
    return true;
  }

  protected override leave(): void {
    countExternal(this.scope.scheduler, -1);
  }
}
