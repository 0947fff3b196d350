/** The end of a child. @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../tasks/kernel/wait/waiter.ts";
import {
  checkpointIfCancelled,
  ready,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { RealTimeWaiter } from "./real_time.ts";

/**
 * Watched from the start, in no task: so a child is reaped, and its end known,
 * whether anybody waits or not.
 */
export class ExitWatcher {
  /** What the child ended with; -N where signal N ended it. */
  returnCode: number | undefined = undefined;
  readonly #line = new WaitQueue<number | undefined>("Process.wait");

  /** @param ended Is called once, when the child has ended. */
  constructor(status: Promise<Deno.CommandStatus>, ended: () => void) {
    const end = (returnCode: number) => {
      this.returnCode = returnCode;
      ended();
      this.#line.wakeAll(returnCode);
    };
    detached(() =>
      status.then(
        ({ code, signal }) => end(signal === null ? code : 128 - code),
        (error) => end(-realTimeSignal(error)),
      )
    );
  }

  wait(options?: WaitOptions): Promise<number> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.returnCode !== undefined) return ready(this.returnCode);
    const waiter = new ExternalWaiter<number | undefined>(this.#line, options);
    return this.#line.add(waiter) as Promise<number>;
  }

  /** Waits at most `ms` of real time; for code that belongs to no task. */
  async within(ms: number): Promise<boolean> {
    if (this.returnCode !== undefined) return true;
    const waiter = new RealTimeWaiter<number | undefined>(this.#line, ms);
    return await this.#line.add(waiter) !== undefined;
  }
}

/**
 * The runtime has no names for real-time signals, and says no more than
 * "Invalid signal: 34".
 */
function realTimeSignal(error: unknown): number {
  const signal = /^Invalid signal: (\d+)$/.exec((error as Error).message)?.[1];
  if (signal === undefined) throw error;
  return Number(signal);
}
