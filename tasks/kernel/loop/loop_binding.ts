/** Which scheduler is behind which `EventLoop`. @module */
import { describe } from "../types.ts";
import type { Scheduler } from "./scheduler.ts";

const schedulers = new WeakMap<object, Scheduler>();

/** Makes `loop` the public face of `scheduler`. */
export function bindLoop(loop: object, scheduler: Scheduler): void {
  schedulers.set(loop, scheduler);
  scheduler.eventLoop = loop;
}

/** The scheduler behind `loop`. */
export function schedulerOf(loop: object): Scheduler {
  const scheduler = schedulers.get(loop);
  if (scheduler === undefined) {
    throw new TypeError(`expected an EventLoop, received ${describe(loop)}`);
  }
  return scheduler;
}
