/** @module */
import { completionOf, type Future } from "./future.ts";
import type { CancelledError } from "./kernel/errors.ts";
import type { WaitOptions } from "./kernel/types.ts";
import {
  type Completion,
  handCancelOn,
  type Listener,
} from "./kernel/wait/completion.ts";
import { QueuedWaiter } from "./kernel/wait/wait_queue.ts";

/**
 * A wait for several futures, of which it owns those that were made for
 * promises: no other code knows them. A cancel or an abort cancels these, and
 * the wait ends when they have ended. If one of them ends with its value, because
 * that was on its way, the wait may be woken with it: nothing is lost. A cancel
 * is then delivered at the next wait.
 */
export class OwnerWaiter<T> extends QueuedWaiter<T> implements Listener {
  readonly #owned: () => readonly Future<unknown>[];
  /** The owned futures that have not ended since it was given up. */
  #left: Set<unknown> | undefined = undefined;
  #reason: unknown = undefined;
  #end: () => void = () => {};

  /** @param owned Returns what is to be given up with it. */
  constructor(
    owned: () => readonly Future<unknown>[],
    options?: WaitOptions,
  ) {
    super(options);
    this.#owned = owned;
  }

  override get endsAtOnce(): boolean {
    return false;
  }

  /** Whether the end of `completion` is that this wait was given up. */
  hasCancelled({ state, source }: Completion<unknown>): boolean {
    return state === "cancelled" && (this.#left?.has(source) ?? false);
  }

  override cancel(error: CancelledError): boolean {
    this.#giveUp(error, error.message, () => {
      super.cancel(error);
      this.delivered(error);
    });
    return !this.pending;
  }

  override abort(reason: unknown): void {
    const message = "the signal was aborted";
    if (this.#left === undefined) {
      this.#giveUp(reason, message, () => super.abort(reason));
    } else if (reason === this.#reason) super.abort(reason); // a ring of waits
  }

  /** Called after the listener of the wait, which may have woken it. */
  settled({ source }: Completion<unknown>): void {
    this.#left!.delete(source);
    if (this.#left!.size === 0 && this.pending) this.#end();
  }

  #giveUp(reason: unknown, message: string, end: () => void): void {
    this.#reason = reason;
    this.#end = end;
    if (this.#left !== undefined) return; // the cancel comes after another one
    const owned = this.#owned().filter(({ done }) => !done);
    this.#left = new Set(owned);
    for (const future of owned) {
      completionOf(future).listen(this);
      handCancelOn(future, message);
    }
    if (owned.length === 0) end();
  }
}
