/**
 * The one wait primitive. Every lock, queue, event, read and sleep of this
 * package is a thin layer on top of it.
 *
 * **What it is.** A {@linkcode Waiter} is one wait of one piece of code. It
 * stands in two lists at once: among the waits of its {@linkcode CancelScope},
 * where a cancel finds it, and in the list of the code that can wake it, mostly
 * a {@linkcode WaitQueue}. Its end takes it out of both, in O(1), whatever
 * ended it: {@linkcode Waiter.leave} is called once. It cannot leave in any
 * other way, so nothing is ever left behind.
 *
 * **The race.** A wait ends once, synchronously, by the first of `wake`,
 * `fail`, `cancel` and `abort`. All later ones do nothing. So the code that
 * calls `wake` may hand over what cannot be taken back, such as an item, a
 * permit or a lock: `wake` returns whether the waiter has taken it. A woken
 * waiter can no longer be cancelled, so there is nothing to give back and no
 * wake-up to pass on. (CPython's primitives have had their bugs exactly there.)
 * The price is that a woken task may meet a cancel only at its *next* wait: its
 * scope keeps the cancel pending.
 *
 * **The pattern.** A method that waits is a plain function of three steps. It
 * is synchronous until it has its result, or stands in the queue:
 *
 * ```ts ignore
 * acquire(options?: WaitOptions): Promise<Guard> {
 *   // A cancel not yet delivered, or a signal aborted already.
 *   const rejection = checkpointIfCancelled(options);
 *   if (rejection !== undefined) return rejection;
 *   // Nothing to wait for: it still counts against the budget.
 *   if (!this.#locked) return ready(this.#take());
 *   // Woken with what it waits for: waiters.wake(guard).
 *   return this.#waiters.wait(options);
 * }
 * ```
 *
 * **The order.** `wake` resolves the promise at once, so continuations run in
 * the order of the wake-ups; past the scheduler's budget all of them go through
 * the ready queue, in the same order.
 *
 * @module
 */
import { listen, unlisten } from "../cancel/abort_listeners.ts";
import { type CancelScope, rootScopeOf } from "../cancel/cancel_scope.ts";
import type { HandedWait, ScopedWait } from "../cancel/scoped_wait.ts";
import { currentScope } from "../context/current_scope.ts";
import type { CancelledError } from "../errors.ts";
import type { Runnable } from "../loop/runnable.ts";
import type { WaitOptions } from "../types.ts";
import type { Contest, Dispenser } from "../cancel/contest.ts";
import { noteReady } from "./checkpoint.ts";
import { executor, made } from "./promise_executor.ts";
import { noteFor, noteOf } from "../watch/wait_notes.ts";

function ignore(): void {}

/** The outcome of a wait that rejects. */
class Failure {
  readonly error: unknown;

  constructor(error: unknown) {
    this.error = error;
  }
}

/** The outcome of a wait that was cancelled or aborted: `run` does nothing. */
const GIVEN_UP = new Failure(undefined);

// The bits of a wait's state: one field, as there may be a million waits.
const ENDED = 1;
/** For the world outside. */
const EXTERNAL = 2;
/** Its promise has become a future. */
const HANDED_OVER = 4;
/** It has ended with an error. */
const FAILED = 8;

/** One wait. It begins in the constructor, after `checkpointIfCancelled`. */
export abstract class Waiter<T> implements ScopedWait, Runnable {
  /** Settles when the wait has ended. */
  readonly promise: Promise<T>;
  scope: CancelScope;
  #state = 0;
  #contest: Contest | undefined = undefined;

  previousInScope: ScopedWait | undefined = undefined;
  nextInScope: ScopedWait | undefined = undefined;

  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  /** What {@linkcode run} settles the promise with. */
  #outcome: T | Failure | undefined = undefined;

  constructor(options?: WaitOptions) {
    this.promise = new Promise<T>(executor);
    this.#resolve = made.resolve as (value: T) => void;
    this.#reject = made.reject;
    const scope = this.scope = currentScope();
    scope.addWait(this);
    const signal = this.#signal = options === undefined
      ? undefined
      : options.signal;
    if (signal !== undefined) listen(signal, this);
    const { observer } = scope.loop;
    if (observer !== undefined) observer.waits(this);
  }

  /** What is waited for, in words: `"Queue.get"`. */
  abstract get what(): string;

  get since(): number | undefined {
    return noteOf(this)?.since;
  }

  set since(time: number | undefined) {
    noteFor(this).since = time;
  }

  get where(): Error | undefined {
    return noteOf(this)?.where;
  }

  set where(stack: Error | undefined) {
    noteFor(this).where = stack;
  }

  /** Whether it has not ended. */
  get pending(): boolean {
    return (this.#state & ENDED) === 0;
  }

  /**
   * Returns the promise, after something that the same call has begun for it. If
   * that has ended the wait, it is one that did not have to wait.
   */
  begun(): Promise<T> {
    if (!this.pending) noteReady(this.promise, (this.#state & FAILED) !== 0);
    return this.promise;
  }

  /**
   * Whether it is a wait for the world outside: a socket, a child, a thread.
   * While there is one, something may still happen although no task can run.
   * Setting it does nothing if the wait has ended.
   */
  get isExternal(): boolean {
    return (this.#state & EXTERNAL) !== 0;
  }

  set isExternal(isExternal: boolean) {
    if (!this.pending || isExternal === this.isExternal) return;
    this.#state ^= EXTERNAL;
    this.#countExternal(isExternal ? 1 : -1);
  }

  get hasOwnLimit(): boolean {
    return false;
  }

  get runsUserCode(): false {
    return false;
  }

  /** Code that awaits the promise resumes in the next microtask. */
  get lag(): number {
    return 1;
  }

  /** Whether a cancel ends it at once, and calls no foreign code. */
  get endsAtOnce(): boolean {
    return !this.hasOwnLimit;
  }

  /** Takes part in `contest` from now on, unless it does in another one. */
  joinContest(contest: Contest): boolean {
    if (this.#contest !== undefined) return false;
    this.#contest = contest;
    return true;
  }

  /** Its claim has succeeded, long before it is woken. */
  decided(): void {
    if (this.#contest !== undefined) this.#contest.decided();
  }

  /**
   * Asked before it is woken by what other waits take or put: see
   * {@linkcode Contest.givesWay}.
   */
  givesWay(dispenser: Dispenser): boolean {
    return this.#contest !== undefined && this.#contest.givesWay(dispenser);
  }

  /** Whether another wait has happened instead, so that it is about to end. */
  get isLost(): boolean {
    return this.#contest !== undefined && this.#contest.isLost;
  }

  /**
   * Returns whether the wait may take what it waits for. If it may, the caller
   * has to wake it; if not, it has left its queue. {@linkcode wake} calls this
   * itself: call it only if the answer is needed before the value exists.
   */
  claim(failed = false): boolean {
    if (!this.pending) return false;
    if (this.#contest === undefined || this.#contest.claim(failed)) return true;
    return this.pending; // a wait that cannot be given up takes it all the same
  }

  /**
   * Ends the wait with `value`. Returns false, and does nothing, if it has
   * ended.
   */
  wake(value: T): boolean {
    if (!this.#take()) return false;
    if (this.scope.loop.spend()) {
      this.#resolveWith(value);
    } else {
      this.#outcome = value;
      this.scope.loop.defer(this);
    }
    return true;
  }

  /**
   * Does the same in the order of causes: the code resumes after callbacks that
   * were added before and are still to be called, and after other code that was
   * woken before.
   */
  wakeInOrder(value: T): boolean {
    const { loop } = this.scope;
    if (!loop.isAhead(this.lag)) return this.#noted(this.wake(value));
    if (!this.#take()) return false;
    this.#outcome = value;
    loop.soon(this);
    return true;
  }

  /**
   * Ends the wait with `error`. Returns false, and does nothing, if it has
   * ended.
   */
  fail(error: unknown): boolean {
    if (!this.#take(true)) return false;
    this.#state |= FAILED;
    if (this.scope.loop.spend()) {
      this.#rejectWith(error);
    } else {
      this.#outcome = new Failure(error);
      this.scope.loop.defer(this);
    }
    return true;
  }

  /** Does the same in the order of causes: see {@linkcode wakeInOrder}. */
  failInOrder(error: unknown): boolean {
    const { loop } = this.scope;
    if (!loop.isAhead(this.lag)) return this.#noted(this.fail(error));
    if (!this.#take(true)) return false;
    this.#outcome = new Failure(error);
    loop.soon(this);
    return true;
  }

  /** Tells the loop that the code resumes, if it was woken. */
  #noted(isWoken: boolean): boolean {
    if (isWoken) this.scope.loop.noteWoken(this.lag);
    return isWoken;
  }

  /**
   * Called by the scope. The rejection is never reported as unhandled: after a
   * cancel, perhaps no code awaits the promise.
   */
  cancel(error: CancelledError): boolean {
    this.#end();
    this.promise.then(undefined, ignore);
    if (!this.#isHandedOver) this.scope.beginDelivery(error);
    this.#outcome = GIVEN_UP;
    this.#rejectWith(error);
    return true;
  }

  delivered(error: CancelledError): void {
    if (!this.#isHandedOver) this.scope.delivered(error);
  }

  /** Called when the signal aborts. */
  abort(reason: unknown): void {
    this.#end();
    this.#outcome = GIVEN_UP;
    this.#rejectWith(reason);
  }

  behind(promise: unknown): HandedWait | undefined {
    if (this.promise === promise) return this;
    return this.#contest === undefined
      ? undefined
      : this.#contest.behind(promise);
  }

  leavePlaces(error: CancelledError): void {
    if (this.endsAtOnce) this.abandon(error);
  }

  noteSettling(promises: Set<unknown>): void {
    promises.add(this.promise);
    if (this.#contest !== undefined) this.#contest.noteSettling(promises);
  }

  abandon(error: CancelledError): void {
    if (!this.pending) return; // it settles with its value
    this.promise.then(undefined, ignore);
    this.abort(error);
  }

  handOver(): void {
    this.#state |= HANDED_OVER;
  }

  get #isHandedOver(): boolean {
    return (this.#state & HANDED_OVER) !== 0;
  }

  detach(): void {
    if (!this.pending) return;
    this.scope.removeWait(this);
    this.scope = rootScopeOf(this.scope.loop);
    this.scope.addWait(this);
  }

  /**
   * Called by the loop: settles the promise, and ends the wait if it has not.
   */
  run(): void {
    const outcome = this.#outcome;
    if (outcome === GIVEN_UP) return;
    const failed = outcome instanceof Failure;
    if (this.pending && !this.#take(failed)) return;
    if (failed) this.#rejectWith(outcome.error);
    else this.#resolveWith(outcome as T);
  }

  /** Ends the wait with `value` in the next turn of the loop. */
  wakeNextTurn(value: T): Promise<T> {
    this.#outcome = value;
    this.scope.loop.defer(this);
    return this.promise;
  }

  /** Sets the value with which {@linkcode run} ends the wait. */
  protected wakesWith(value: T): void {
    this.#outcome = value;
  }

  /**
   * Ends the wait with `value` from a turn of the loop, without using the
   * budget.
   */
  wakeNow(value: T): void {
    if (!this.#take()) return;
    this.#resolveWith(value);
  }

  /** Ends the wait, if it may take what it waits for. */
  #take(failed = false): boolean {
    if (this.#contest !== undefined) return this.#takeInContest(failed);
    if (!this.pending) return false;
    this.#end();
    return true;
  }

  #takeInContest(failed: boolean): boolean {
    if (!this.claim(failed)) return false;
    this.#end();
    this.decided();
    return true;
  }

  #end(): void {
    const { isExternal } = this;
    this.#state = this.#state & HANDED_OVER | ENDED;
    this.scope.removeWait(this);
    if (this.#signal !== undefined) unlisten(this.#signal, this);
    const { observer } = this.scope.loop;
    if (observer !== undefined) observer.woke(this);
    if (isExternal) this.#countExternal(-1);
    this.leave();
  }

  #countExternal(change: 1 | -1): void {
    const { loop } = this.scope;
    loop.external += change;
    if (change < 0 && loop.onWait !== undefined) loop.onWait();
  }

  /** Called once, when the wait has ended: takes it out of its queue. */
  protected leave(): void {}

  #resolveWith(value: T): void {
    const { observer } = this.scope.loop;
    if (observer !== undefined) observer.resumes(this);
    this.#resolve(value);
    if (this.#contest !== undefined) this.#contest.fulfilled(value);
  }

  #rejectWith(error: unknown): void {
    const { observer } = this.scope.loop;
    if (observer !== undefined) observer.resumes(this);
    this.#reject(error);
    if (this.#contest !== undefined) this.#contest.rejected(error);
  }
}

/** A wait for the world outside. */
export abstract class ExternalWaiter<T> extends Waiter<T> {
  constructor(options?: WaitOptions) {
    super(options);
    this.isExternal = true;
  }
}
