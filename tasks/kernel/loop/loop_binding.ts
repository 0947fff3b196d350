/** Which loop is behind which public `EventLoop`. @module */
import { describe } from "../types.ts";
import type { Loop } from "./loop.ts";

const loops = new WeakMap<object, Loop>();

/** Makes `eventLoop` the public face of `loop`. */
export function bindLoop(eventLoop: object, loop: Loop): void {
  loops.set(eventLoop, loop);
  loop.eventLoop = eventLoop;
}

/** The loop behind `eventLoop`. */
export function loopOf(eventLoop: object): Loop {
  const loop = loops.get(eventLoop);
  if (loop === undefined) {
    throw new TypeError(
      `Cannot use a loop: expected an EventLoop, received ${
        describe(eventLoop)
      }`,
    );
  }
  return loop;
}
