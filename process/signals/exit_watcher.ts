/** Waiting for the end of a child. @module */
import { detached } from "../../tasks/kernel/context/detached.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import {
  checkpointIfCancelled,
  ready,
  readyError,
} from "../../tasks/kernel/wait/checkpoint.ts";
import { WaitQueue } from "../../tasks/kernel/wait/wait_queue.ts";
import { RealTimeWaiter } from "./real_time.ts";

/** The failure of a source or target of the program. */
export interface Failure {
  readonly error: unknown;
}

/**
 * Watches a child from its start, in no task, so that the child is reaped whether
 * anything waits or not.
 *
 * There are two ends: that of the program, and that of the deliveries. Those end
 * when the files and streams to which its output is written have got everything.
 */
export class ExitWatcher {
  /** The exit code; -N if signal N ended the child. */
  returnCode: number | undefined = undefined;
  readonly #exited = new WaitQueue<true | undefined>("end of a program", {
    external: true,
  });
  readonly #settled = new WaitQueue<number>("Process.wait", { external: true });
  #deliveries = 0;
  #failure: Failure | undefined = undefined;
  #isFailureSeen = false;

  /**
   * @param status Rejects for signals for which the runtime has no name.
   * @param ended Called once, when the child has ended.
   */
  constructor(status: Promise<Deno.CommandStatus>, ended: () => void) {
    const end = (returnCode: number) => {
      this.returnCode = returnCode;
      ended();
      this.#exited.wakeAll(true);
      this.#settle();
    };
    detached(() =>
      status.then(
        ({ code, signal }) => end(signal === null ? code : 128 - code),
        (error) => end(-realTimeSignal(error)),
      )
    );
  }

  /** Whether the child has ended, and everything was delivered. */
  get isSettled(): boolean {
    return this.returnCode !== undefined && this.#deliveries === 0;
  }

  /** Whether there is a failure that no wait has rejected with. */
  get hasUnseenFailure(): boolean {
    return this.#failure !== undefined && !this.#isFailureSeen;
  }

  /** Returns that failure, which counts as seen from now on. */
  takeUnseenFailure(): Failure | undefined {
    if (!this.hasUnseenFailure) return undefined;
    this.#isFailureSeen = true;
    return this.#failure;
  }

  /** Notes that a delivery has begun: {@linkcode wait} waits for it as well. */
  delivering(): void {
    this.#deliveries++;
  }

  /** Notes that a delivery has ended. */
  delivered(failure: Failure | undefined): void {
    this.#deliveries--;
    if (failure !== undefined) this.fail(failure.error);
    this.#settle();
  }

  /** Lets all waits reject with `error`, once the child has ended. */
  fail(error: unknown): void {
    this.#failure ??= { error };
  }

  /** Waits for the end of the child and of the deliveries. */
  wait(options?: WaitOptions): Promise<number> {
    const rejection = checkpointIfCancelled(options);
    if (rejection !== undefined) return rejection;
    if (this.isSettled) {
      if (this.#failure === undefined) return ready(this.returnCode!);
      this.#isFailureSeen = true;
      return readyError(this.#failure.error);
    }
    return this.#settled.wait(options);
  }

  /**
   * Waits for the end of the child, at most `ms` milliseconds of real time. Resolves
   * to whether it has ended. For code in no task.
   */
  async within(ms: number): Promise<boolean> {
    if (this.returnCode !== undefined) return true;
    const waiter = new RealTimeWaiter<true>(ms);
    return await this.#exited.add(waiter) === true;
  }

  #settle(): void {
    if (!this.isSettled || this.#settled.size === 0) return;
    if (this.#failure === undefined) {
      return this.#settled.wakeAll(this.returnCode!);
    }
    this.#isFailureSeen = true;
    this.#settled.failAll(this.#failure.error);
  }
}

/**
 * The runtime has no names for real-time signals: its error is "Invalid signal:
 * 34".
 */
function realTimeSignal(error: unknown): number {
  const signal = /^Invalid signal: (\d+)$/.exec((error as Error).message)?.[1];
  if (signal === undefined) throw error;
  return Number(signal);
}
