/**
 * Several listeners for when a loop may have come to rest: the loop itself
 * calls one.
 *
 * @module
 */
import type { ClockedLoop } from "../tasks/kernel/loop/clock.ts";

const listeners = new WeakMap<ClockedLoop, Set<() => void>>();

/**
 * Calls `listener` whenever a wait on `loop` has begun, or a task or turn has
 * ended. The returned function ends this.
 */
export function onWait(loop: ClockedLoop, listener: () => void): () => void {
  let all = listeners.get(loop);
  if (all === undefined) listeners.set(loop, all = new Set());
  all.add(listener);
  const set = all;
  loop.onWait = set.size === 1 ? listener : () => {
    for (const each of set) each();
  };
  return () => {
    set.delete(listener);
    const [only] = set;
    if (set.size <= 1) loop.onWait = only;
  };
}
