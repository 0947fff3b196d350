/** @module */
import type { BlockScope } from "./kernel/cancel/block_scope.ts";
import type { CancelScope } from "./kernel/cancel/cancel_scope.ts";
import type { HandedWait, Inner } from "./kernel/cancel/scoped_wait.ts";
import {
  openScope,
  runInScope,
  scopeOfCaller,
} from "./kernel/context/current_scope.ts";
import { allowLeft } from "./kernel/context/leak_checks.ts";
import {
  cancellation,
  type CancelledError,
  isCancelled,
} from "./kernel/errors.ts";
import type { WaitOptions } from "./kernel/types.ts";
import { ignoreCancelRejection } from "./kernel/wait/checkpoint.ts";
import { composite } from "./kernel/wait/handed_wait.ts";
import { Waiter } from "./kernel/wait/waiter.ts";

/**
 * Runs `work`, which waits in several steps, as one wait, which the abort of
 * the signal ends.
 *
 * @param what What is waited for, in words: `"waitFor"`.
 */
export function abortable<T>(
  what: string,
  work: () => Promise<T>,
  options: WaitOptions | undefined,
): Promise<T> {
  if (options?.signal === undefined) return composite(work);
  const waiter = new WorkWaiter(what, work, options);
  return waiter.handed = ignoreCancelRejection(waiter.promise);
}

/**
 * A wait for work in a scope of its own. A cancel is delivered to the work, and
 * the wait ends when the work does. When the signal aborts, the work is
 * cancelled, the wait ends at once, and the end of the run waits for the
 * clean-up of the work.
 */
class WorkWaiter<T> extends Waiter<T> implements AsyncDisposable {
  readonly what: string;
  /** The promise that the caller has. */
  handed: Promise<T> | undefined = undefined;
  readonly #work: BlockScope;
  readonly #ended: Promise<void>;
  #over = false;
  #aborted = false;

  constructor(what: string, work: () => Promise<T>, options: WaitOptions) {
    super(options);
    this.what = what;
    this.#work = openScope();
    const result = runInScope(this.#work, work);
    this.#work.last ??= result; // unless it begins several
    this.#ended = result.then(
      (value) => void this.wake(value),
      (error) => void this.fail(error),
    ).finally(() => this.#end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.#ended;
  }

  get inner(): Inner | undefined {
    return this.#work.inner;
  }

  override get hasOwnLimit(): boolean {
    return true;
  }

  /** The cancel is delivered to the work, whose scope is in the same task. */
  override cancel(_error: CancelledError): boolean {
    return false;
  }

  override behind(promise: unknown): HandedWait | undefined {
    return promise === this.handed ? this : super.behind(promise);
  }

  /** Cancels the work: the wait ends when the work does. */
  override abandon(error: CancelledError, caller?: CancelScope): void {
    this.handed?.then(undefined, () => {});
    this.#work.cancel(error, caller);
  }

  override detach(): void {
    super.detach();
    this.#work.detach();
  }

  override handOver(): void {
    super.handOver();
    this.#work.handOver();
  }

  override abort(reason: unknown): void {
    if (this.#aborted) return;
    this.#aborted = true;
    const { loop } = this.#work;
    const error = cancellation(loop, "the signal was aborted");
    this.#work.cancel(error, scopeOfCaller());
    const giveUp = () => {
      if (!this.pending) return;
      super.abort(reason);
      if (!this.#over) this.#leaveToRun();
    };
    if (this.#work.pending !== error) return giveUp();
    // The work was in no wait: it may have been woken, and be about to end.
    loop.defer({ run: giveUp, runsUserCode: false });
  }

  /** After an abort, only with an error that is not the cancel by it. */
  override fail(error: unknown): boolean {
    return !(this.#aborted && isCancelled(error)) && super.fail(error);
  }

  #leaveToRun(): void {
    allowLeft(this);
    this.#work.loop.resources.add(this);
  }

  #end(): void {
    this.#over = true;
    this.#work.loop.resources.delete(this);
    this.#work.close();
  }
}
