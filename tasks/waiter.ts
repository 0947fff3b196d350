/**
 * The one wait primitive. Every lock, queue, event, read and sleep of this
 * package is a thin thing on top of it; nobody else touches `Promise`
 * constructors, abort listeners or the current task.
 *
 * **What it is.** A {@linkcode Waiter} is one wait of one piece of code. It
 * stands in two lists at once: among the waits of its {@linkcode Scope}, where
 * a cancel finds it, and in its {@linkcode Place} (mostly a {@linkcode Line}),
 * where the one that can wake it does. Ending it takes it out of both, in O(1),
 * whatever ended it; there is no other way for it to leave, so nothing is ever
 * left behind.
 *
 * **The race.** A wait ends once: by `wake`, `fail`, `cancel` or `abort`,
 * whichever comes first, synchronously. All but the first find it over and do
 * nothing. So whoever calls `wake` may hand over what cannot be had back, an
 * item, a permit, a lock: it is either taken (`true`) or the waiter was gone
 * already (`false`). There is no window in which a woken waiter can still be
 * cancelled, and so nothing to give back, and no wake-up to pass on: the places
 * where CPython's primitives have had their bugs do not exist here. The price
 * is that a woken task may find a cancel at its *next* wait instead: `Scope`
 * keeps it pending.
 *
 * **The pattern.** A method that waits is a plain function of three steps, and
 * is synchronous up to the moment when it has what it wants or stands in line:
 *
 * ```ts ignore
 * acquire(options?: WaitOptions): Promise<Guard> {
 *   const refusal = refused(options);          // a cancel not yet delivered, a signal aborted already
 *   if (refusal !== undefined) return refusal;
 *   if (!this.#locked) return passed(this.#take()); // nothing to wait for: still part of the budget
 *   return this.#line.wait(options);           // woken with what it waits for: line.wake(guard)
 * }
 * ```
 *
 * **The order.** `wake` resolves the promise at once, so continuations run in
 * the order of the wake-ups; past the scheduler's budget all of them go through
 * the ready queue, in the same order.
 *
 * @module
 */
import { listen, unlisten } from "./_abort.ts";
import { attention } from "./_attention.ts";
import { budget } from "./_budget.ts";
import { type CancelledError, isCancelled } from "./errors.ts";
import type { Runnable } from "./runnable.ts";
import { currentScope } from "./current_scope.ts";
import type { Scope, ScopedWait } from "./scope.ts";
import { describe, type WaitOptions } from "./types.ts";

/** Where a waiter stands until it is woken. */
export interface Place {
  /** What is waited for, in words, for those who look inside: `"Queue.get"`. */
  readonly what: string;
  /** Lets go of `waiter`, which has ended, however it ended. */
  // deno-lint-ignore no-explicit-any -- a place does not look at what its waiters wait for
  leave(waiter: Waiter<any>): void;
}

// One executor for all promises, instead of a closure for each.
let newResolve!: (value: never) => void;
let newReject!: (error: unknown) => void;
function executor(
  resolve: (value: never) => void,
  reject: (error: unknown) => void,
): void {
  newResolve = resolve;
  newReject = reject;
}

function ignore(): void {}

/**
 * One wait; made where it begins, after {@linkcode refused} had nothing against
 * it.
 */
export class Waiter<T> implements ScopedWait, Runnable {
  /** Settles when the wait has ended. */
  readonly promise: Promise<T>;
  readonly scope: Scope;
  /** Whether it has not ended. */
  pending = true;
  readonly calls = false;
  since: number | undefined = undefined;
  where: Error | undefined = undefined;

  previousInScope: ScopedWait | undefined = undefined;
  nextInScope: ScopedWait | undefined = undefined;
  /** The neighbours in a {@linkcode Line}. */
  // deno-lint-ignore no-explicit-any -- see Place.leave
  previousInLine: Waiter<any> | undefined = undefined;
  // deno-lint-ignore no-explicit-any -- see Place.leave
  nextInLine: Waiter<any> | undefined = undefined;

  readonly #place: Place;
  readonly #signal: AbortSignal | undefined;
  readonly #resolve: (value: T) => void;
  readonly #reject: (error: unknown) => void;
  #value: T | undefined = undefined;
  #error: unknown = undefined;
  #failed = false;

  constructor(place: Place, options?: WaitOptions) {
    this.promise = new Promise<T>(executor);
    this.#resolve = newResolve as (value: T) => void;
    this.#reject = newReject;
    this.#place = place;
    const scope = this.scope = currentScope();
    scope.addWait(this);
    const signal = this.#signal = options === undefined
      ? undefined
      : options.signal;
    if (signal !== undefined) listen(signal, this);
    const { observer } = scope.scheduler;
    if (observer !== undefined) observer.waits(this);
  }

  get what(): string {
    return this.#place.what;
  }

  /**
   * Ends the wait with `value`; false, and nothing happened, when it had ended.
   */
  wake(value: T): boolean {
    if (!this.pending) return false;
    this.#end();
    if (this.scope.scheduler.spend()) {
      this.#fulfil(value);
    } else {
      this.#value = value;
      this.scope.scheduler.defer(this);
    }
    return true;
  }

  /**
   * Ends the wait with `error`; false, and nothing happened, when it had ended.
   */
  fail(error: unknown): boolean {
    if (!this.pending) return false;
    this.#end();
    if (this.scope.scheduler.spend()) {
      this.#refuse(error);
    } else {
      this.#failed = true;
      this.#error = error;
      this.scope.scheduler.defer(this);
    }
    return true;
  }

  /**
   * Called by the scope. Never an unhandled rejection: whoever cancels knows
   * that the wait may be nobody's concern any more.
   */
  cancel(error: CancelledError): boolean {
    this.#end();
    this.promise.then(undefined, ignore);
    this.scope.strike(error);
    this.#refuse(error);
    return true;
  }

  /** Called when the signal aborts. */
  abort(reason: unknown): void {
    this.#end();
    this.#refuse(reason);
  }

  /**
   * Ends it from a turn of the loop, which has its own place in the order: see
   * {@linkcode wakeInTurn}.
   */
  run(): void {
    if (this.pending) this.#end();
    // Without effect where the wait was given up.
    if (this.#failed) this.#refuse(this.#error);
    else this.#fulfil(this.#value as T);
  }

  /** Lets the next turn of the loop wake it with `value`. */
  wakeInTurn(value: T): Promise<T> {
    this.#value = value;
    this.scope.scheduler.defer(this);
    return this.promise;
  }

  /**
   * Wakes it with `value` from within a turn of the loop, without touching the
   * budget.
   */
  wakeNow(value: T): void {
    if (!this.pending) return;
    this.#end();
    this.#fulfil(value);
  }

  #end(): void {
    this.pending = false;
    this.scope.removeWait(this);
    if (this.#signal !== undefined) unlisten(this.#signal, this);
    const { observer } = this.scope.scheduler;
    if (observer !== undefined) observer.woke(this);
    this.leave();
  }

  /** Leaves the place. */
  protected leave(): void {
    this.#place.leave(this);
  }

  #fulfil(value: T): void {
    const { observer } = this.scope.scheduler;
    if (observer !== undefined) observer.resumes(this);
    this.#resolve(value);
  }

  #refuse(error: unknown): void {
    const { observer } = this.scope.scheduler;
    if (observer !== undefined) observer.resumes(this);
    this.#reject(error);
  }
}

/**
 * A wait for the world outside (a socket, a child, a thread): while there is
 * one, nobody can say that nothing will happen.
 */
export class ExternalWaiter<T> extends Waiter<T> {
  constructor(place: Place, options?: WaitOptions) {
    super(place, options);
    this.scope.scheduler.external++;
  }

  protected override leave(): void {
    const { scheduler } = this.scope;
    scheduler.external--;
    if (scheduler.onWait !== undefined) scheduler.onWait();
    super.leave();
  }
}

/**
 * A wait that no cancel ends: for what has to be finished first. The cancel
 * strikes at the next wait.
 */
export class ShieldedWaiter<T> extends Waiter<T> {
  override cancel(_error: CancelledError): boolean {
    return false;
  }
}

/** Takes the cancel not yet delivered, for a wait that may not begin. */
export function takeCancel(): CancelledError | undefined {
  if (attention.due === 0) return undefined;
  const scope = currentScope();
  if (scope.scheduler.onPoint !== undefined) scope.scheduler.onPoint();
  return scope.takePending();
}

/** Delivers a cancel that was taken so. */
export function struck(error: CancelledError): Promise<never> {
  currentScope().strike(error);
  return cancelled(error);
}

/**
 * The rejection of a wait that may not begin: by a cancel not yet delivered, or
 * a signal aborted already.
 */
export function refused(options?: WaitOptions): Promise<never> | undefined {
  const error = takeCancel();
  if (error !== undefined) return struck(error);
  const signal = options === undefined ? undefined : options.signal;
  return signal === undefined ? undefined : refusedBy(signal);
}

/**
 * The same for a block in which waits may begin, or none: it is no wait of its
 * own, and a cancel must not pass it by.
 */
export function refusedBlock(): Promise<never> | undefined {
  if (attention.due === 0) return undefined;
  const error = currentScope().takePending();
  return error === undefined ? undefined : struck(error);
}

function refusedBy(signal: AbortSignal): Promise<never> | undefined {
  if (signal?.aborted === false) return undefined;
  if (signal?.aborted) return failed(signal.reason);
  return failed(
    new TypeError(`signal is an AbortSignal, found ${describe(signal)}`),
  );
}

/** The promise of a wait that did not have to wait. */
export function passed<T>(value: T): Promise<T> {
  if (budget.spend()) return Promise.resolve(value); // wherever this is
  return currentScope().scheduler.passed(value);
}

/** The rejection of a wait that did not have to wait. */
export function failed(error: unknown): Promise<never> {
  return currentScope().scheduler.failed(error);
}

/** A rejection by a cancel, which is never an unhandled one. */
export function cancelled(error: CancelledError): Promise<never> {
  const promise = failed(error);
  promise.catch(ignore);
  return promise;
}

/**
 * The same promise, but never an unhandled rejection by a cancel: for waits
 * that are async functions. Other errors that nobody handles stay loud.
 */
export function quiet<T>(wait: Promise<T>): Promise<T> {
  return conclude(wait, same, rethrow);
}

/** As {@linkcode quiet}, with what `ended` or `failed` makes of the end. */
export function conclude<T, R>(
  wait: Promise<T>,
  ended: (value: T) => R,
  failed: (error: unknown) => R,
): Promise<R> {
  const { scheduler } = currentScope();
  const promise = new Promise<R>(executor);
  const resolve = newResolve as (value: R) => void;
  const reject = newReject;
  const end = <O>(settled: (outcome: O) => R, outcome: O): void => {
    try {
      const value = settled(outcome);
      scheduler.settle(() => resolve(value));
    } catch (error) {
      if (!isCancelled(error)) return scheduler.settle(() => reject(error));
      promise.catch(ignore);
      reject(error);
    }
  };
  wait.then((value) => end(ended, value), (error) => end(failed, error));
  return promise;
}

function same<T>(value: T): T {
  return value;
}

function rethrow(error: unknown): never {
  throw error;
}
