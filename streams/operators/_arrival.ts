/** @module */
import type { CancelScope } from "../../tasks/kernel/cancel/cancel_scope.ts";
import type { CancelledError } from "../../tasks/kernel/errors.ts";
import { Deadline } from "../../tasks/kernel/loop/deadline.ts";
import {
  QueuedWaiter,
  ShieldedWaiter,
  type WaitQueue,
} from "../../tasks/kernel/wait/wait_queue.ts";

/** A source whose item under way can be given up. */
interface Unwinding {
  unwind(scope: CancelScope): void;
}

/** The waits for an item: one at most. */
export type Arrivals<T> = WaitQueue<T | undefined, Arrival<T>>;

/**
 * The wait for an item. The source's own code was called in the same scope, so
 * a cancel reaches its waits as well: this one ends when that code has unwound.
 */
export class Arrival<T> extends QueuedWaiter<T | undefined> {
  readonly #source: Unwinding;
  #deadline: Deadline | undefined = undefined;
  #cancel: CancelledError | undefined = undefined;

  constructor(source: Unwinding) {
    super();
    this.#source = source;
  }

  /** Wakes it with nothing at a time. */
  wakeAt(when: number): void {
    const reached = () => this.wakeNow(undefined);
    this.#deadline = new Deadline(this.scope.loop, when, reached);
  }

  get isCancelled(): boolean {
    return this.#cancel !== undefined;
  }

  /**
   * Returns false, as this wait goes on: if no wait of the source's own code gets
   * the cancel, it stays pending for the next one.
   */
  override cancel(error: CancelledError): boolean {
    this.#cancel = error;
    this.#deadline?.stop();
    this.#source.unwind(this.scope);
    return false;
  }

  /** Rejects with the cancel. */
  giveUp(): void {
    this.delivered(this.#cancel!);
    super.cancel(this.#cancel!);
  }

  protected override leave(): void {
    super.leave();
    this.#deadline?.stop();
  }
}

/** A wait of the code that closes a source. */
export class Quiet extends ShieldedWaiter<void> {}

/** The wait until a source is closed: a cancel, as at the end of a run, hurries it. */
export class Closing extends Quiet {
  readonly #source: { hurry(): void };

  constructor(source: { hurry(): void }) {
    super();
    this.#source = source;
  }

  override cancel(error: CancelledError): boolean {
    this.#source.hurry();
    return super.cancel(error);
  }
}

/** Whether code of a source waits in `scope` for something of this package. */
export function isUnwinding(scope: CancelScope): boolean {
  return scope.waits.some((wait) =>
    !(wait instanceof Arrival) && !(wait instanceof Quiet)
  );
}
