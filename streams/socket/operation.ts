/** @module */
import { EndOfTurn } from "../buffer/end_of_turn.ts";
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import { ExternalWaiter } from "../../tasks/kernel/wait/waiter.ts";
import { checkpointIfCancelled } from "../../tasks/kernel/wait/checkpoint.ts";

/** Something that the runtime does, and that gives what has to be closed. */
export interface Operation<T> {
  /** What it is, in words: for call graphs and messages. */
  readonly what: string;
  /** Does it. */
  start(): Promise<T>;
  /** Stops it, if it can be stopped: it may still succeed. */
  abandon(): void;
  /** Closes what it gave after it was given up. */
  discard(value: T): void;
}

/**
 * Waits for `operation`. Given up, it is stopped, and what it gives all the
 * same is discarded: nothing is left behind.
 */
export function perform<T>(
  operation: Operation<T>,
  options?: WaitOptions,
): Promise<T> {
  const rejection = checkpointIfCancelled(options);
  if (rejection !== undefined) return rejection;
  const performance = new Performance(operation, options);
  operation.start().then(
    (value) => performance.succeeded(value),
    (error) => performance.failed(error),
  );
  return performance.promise;
}

class Performance<T> extends ExternalWaiter<T> {
  readonly #operation: Operation<T>;
  #settled = false;

  constructor(operation: Operation<T>, options?: WaitOptions) {
    super(options);
    this.#operation = operation;
  }

  get what(): string {
    return this.#operation.what;
  }

  succeeded(value: T): void {
    this.#settled = true;
    if (!this.wake(value)) this.#operation.discard(value);
  }

  failed(error: unknown): void {
    this.#settled = true;
    this.fail(error);
  }

  protected override leave(): void {
    super.leave();
    if (this.#settled) return;
    // At the end of the turn: it may have succeeded in this one, and `Deno.connect`
    // does not hand out a connection that it opened before an abort.
    new EndOfTurn(() => {
      if (!this.#settled) this.#operation.abandon();
    }).plan();
  }
}
