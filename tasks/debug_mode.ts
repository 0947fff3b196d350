/** @module */
import { noteMade } from "./made_at.ts";
import {
  observe,
  type ObservedCall,
  type ObservedWait,
  Observer,
} from "./observer.ts";
import type { Scheduler } from "./scheduler.ts";
import { captureStack, userFrame } from "./user_frame.ts";

/** How to end debug mode, for the schedulers that are in it. */
const stops = new WeakMap<Scheduler, () => void>();

/** Turns debug mode on or off. */
export function setDebug(scheduler: Scheduler, on: boolean): void {
  scheduler.debug = Boolean(on);
  const stop = stops.get(scheduler);
  if (!on) {
    stop?.();
    stops.delete(scheduler);
  } else if (stop === undefined) {
    stops.set(scheduler, observe(scheduler, new DebugObserver(scheduler)));
  }
}

class DebugObserver extends Observer {
  readonly #scheduler: Scheduler;

  constructor(scheduler: Scheduler) {
    super();
    this.#scheduler = scheduler;
  }

  override waits(wait: ObservedWait): void {
    wait.since = this.#scheduler.clock.now();
    wait.where = captureStack();
  }

  override made(task: object): void {
    noteMade(task);
  }

  override called({ name, where, took }: ObservedCall): void {
    const { slowCallbackDuration } = this.#scheduler;
    if (took <= slowCallbackDuration) return;
    const frame = userFrame(where);
    const set = frame === undefined ? "" : ` (handed over at ${frame})`;
    this.#scheduler.report({
      message: `Callback ${name}${set} took ${
        took.toFixed(0)
      } ms, longer than ${slowCallbackDuration} ms`,
    });
  }
}
