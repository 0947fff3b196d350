/** @module */
import {
  type QueuedWaiter,
  WaitQueue,
} from "../tasks/kernel/wait/wait_queue.ts";

/**
 * A queue in which each waiter needs its own amount: of permits, of tokens. Only
 * the first is admitted. A waiter further back never overtakes it, even if there
 * is enough for that one: otherwise a large amount might never be admitted.
 *
 * A waiter that leaves may have held up the others, so the new first is checked
 * each time a waiter leaves, however its wait ended.
 */
export abstract class AdmissionQueue<T, W extends QueuedWaiter<T>>
  extends WaitQueue<T, W> {
  #isAdmitting = false;

  /** Takes what `first` needs and wakes it; false if `first` has to wait. */
  protected abstract admits(first: W): boolean;

  /** Admits waiters in order, up to the first that has to wait. */
  admit(): void {
    if (this.#isAdmitting) return; // called by `remove` of a waiter that is being admitted
    this.#isAdmitting = true;
    let first: W | undefined;
    do first = this.first; while (
      first !== undefined && !first.isLost && this.admits(first)
    );
    this.#isAdmitting = false;
  }

  override remove(waiter: QueuedWaiter<T>): void {
    super.remove(waiter);
    this.admit();
  }
}
