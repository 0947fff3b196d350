/** @module */
import {
  type QueuedWaiter,
  WaitQueue,
} from "../tasks/kernel/wait/wait_queue.ts";

/**
 * A queue in which each waiter needs an amount of its own, of permits or
 * tokens. Only the first waiter is admitted. The others never overtake it, even
 * if there is enough for them: otherwise a large amount might never be
 * admitted.
 *
 * A waiter that leaves may have held up the others. So the new first waiter is
 * checked each time a waiter leaves, however its wait has ended.
 */
export abstract class AdmissionQueue<T, W extends QueuedWaiter<T>>
  extends WaitQueue<T, W> {
  #isAdmitting = false;

  /**
   * Takes what `first` needs and wakes it. Returns false if `first` has to
   * wait.
   */
  protected abstract admits(first: W): boolean;

  /** Admits waiters in order, up to the first that has to wait. */
  admit(): void {
    if (this.#isAdmitting) return; // an admitted waiter leaves the queue
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
