/** @module */
import { formatAllTasks } from "./format_call_graph.ts";
import { observe } from "./observer.ts";
import type { Scheduler } from "./scheduler.ts";
import { onSignal } from "./_signal_source.ts";
import { WaitTimes } from "./_wait_times.ts";

/**
 * Prints all tasks of `scheduler`, on stderr, whenever `signal` arrives; the
 * returned function ends this.
 */
export function dumpOnSignal(
  scheduler: Scheduler,
  signal: Deno.Signal,
): () => void {
  const stop = onSignal(signal, () => {
    const { size } = scheduler.tasks;
    const count = size === 1 ? "1 task" : `${size} tasks`;
    console.error(`${signal}: ${count}\n${formatAllTasks(scheduler)}`);
  });
  const now = () => scheduler.clock.now();
  const stopTimes = observe(scheduler, new WaitTimes(now));
  return () => {
    stop();
    stopTimes();
  };
}
