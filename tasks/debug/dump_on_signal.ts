/** @module */
import { printText } from "../kernel/loop/report.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import {
  observe,
  type ObservedWait,
  Observer,
} from "../kernel/watch/observer.ts";
import { onSignal } from "../signals.ts";
import { formatAllTasks } from "./format_call_graph.ts";

/**
 * Prints all tasks of `loop` on stderr whenever `signal` arrives. The returned
 * function ends this.
 */
export function dumpOnSignal(
  loop: Loop,
  signal: Deno.Signal,
): () => void {
  const stop = onSignal(signal, () => {
    const { size } = loop.tasks;
    const count = size === 1 ? "1 task" : `${size} tasks`;
    printText(`${signal}: ${count}\n${formatAllTasks(loop)}`);
  });
  const now = () => loop.clock.now();
  const stopTimes = observe(loop, new WaitTimes(now));
  return () => {
    stop();
    stopTimes();
  };
}

/** Notes when each wait begins. */
class WaitTimes extends Observer {
  readonly #now: () => number;

  constructor(now: () => number) {
    super();
    this.#now = now;
  }

  override waits(wait: ObservedWait): void {
    wait.since = this.#now();
  }
}
