/** @module */
import type { Waiter } from "../tasks/kernel/wait/waiter.ts";
import { WaitQueue } from "../tasks/kernel/wait/wait_queue.ts";

/**
 * A line in which the first waits for something that depends on the waiter: so
 * many permits, so many tokens. A waiter further back never overtakes it, even
 * if there is enough for that one.
 *
 * Who leaves may have held others up, so the new first is looked at each time a
 * waiter leaves, however its wait ended.
 */
export abstract class AdmissionQueue<T, W extends Waiter<T>>
  extends WaitQueue<T, W> {
  #isAdmitting = false;

  /** Takes what `first` waits for, and wakes it; false if it has to wait. */
  protected abstract admits(first: W): boolean;

  /** Lets waiters in, in order, up to the first that has to wait. */
  admit(): void {
    if (this.#isAdmitting) return; // from `leave` of one that is let in
    this.#isAdmitting = true;
    let first: W | undefined;
    do first = this.first; while (first !== undefined && this.admits(first));
    this.#isAdmitting = false;
  }

  override leave(waiter: Waiter<T>): void {
    super.leave(waiter);
    this.admit();
  }
}
