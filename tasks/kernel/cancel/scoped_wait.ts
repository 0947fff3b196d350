/**
 * Waits, as seen by their scopes, and by functions that get their promises.
 *
 * @module
 */
import type { CancelledError } from "../errors.ts";
import type { Contest } from "./contest.ts";
import type { CancelScope } from "./cancel_scope.ts";

/**
 * The wait behind a promise: for functions of this package that get the
 * promise, as in `waitFor(queue.get(), 1000)`.
 */
export interface HandedWait {
  /** What is waited for, in words. */
  readonly what: string;
  /**
   * Ends the wait, as the function that got the promise gives it up. The
   * promise settles when the wait has ended: with its value if it was woken
   * before.
   *
   * @param caller The scope of the calling code; none if the loop calls.
   */
  abandon(error: CancelledError, caller?: CancelScope): void;
  /**
   * Takes the wait out of its task, so that no cancel of the task reaches it.
   */
  detach(): void;
  /**
   * Its promise has become a future, as that of `ensureFuture(queue.get())`, and so
   * of `wait([queue.get()])`. A cancel of the task ends it with the others, but
   * the code of the task may never look at the future. So a cancel that has ended
   * nothing else is still to be delivered to the code.
   */
  handOver(): void;
  /** What it comes down to, if that is another wait. */
  readonly inner?: Inner | undefined;
  /** Takes part in `contest` from now on, if it can and does in no other one. */
  joinContest(contest: Contest): boolean;
  /**
   * It has lost in its contest: ends the waits that end at once, and calls no
   * foreign code.
   */
  leavePlaces(error: CancelledError): void;
}

/** What a wait comes down to. */
export interface Inner {
  /** Its promise, if that is known. */
  readonly promise?: unknown;
  /** `undefined` if that promise is a foreign one, or did not have to wait. */
  readonly wait: HandedWait | undefined;
  /** If that is begun again when it fails. */
  readonly repeated?: Repeated | undefined;
}

/** A wait that is begun again until it succeeds. */
export interface Repeated {
  /** Called when it is begun again: it comes down to another wait. */
  onNext: (() => void) | undefined;
}

/** A wait, as seen by its scope: an item of the scope's list. */
export interface ScopedWait extends HandedWait {
  previousInScope: ScopedWait | undefined;
  nextInScope: ScopedWait | undefined;
  /** The scope in which it was begun. */
  readonly scope: CancelScope;
  readonly pending: boolean;
  /** What is waited for, in words. */
  readonly what: string;
  /**
   * Whether it is a wait for the world outside: a socket, a child, a thread.
   */
  readonly isExternal: boolean;
  /** Whether no cancel ends it at once, but it ends by itself. */
  readonly hasOwnLimit: boolean;
  /**
   * If it waits for another wait by its promise: takes that out of the task.
   */
  detachHanded?(): void;
  /** When it began, on the loop's clock, if an observer has noted it. */
  since: number | undefined;
  /** The stack where it began, if an observer has noted it. */
  where: Error | undefined;
  /**
   * Ends the wait. Returns false if the wait goes on, and the cancel is still
   * to be delivered.
   */
  cancel(error: CancelledError): boolean;
  /** Notes that the cancel with `error` is delivered: the wait rejects with it. */
  delivered(error: CancelledError): void;
  /** Ends the wait, even one that no cancel ends. */
  abort(reason: unknown): void;
  /**
   * The wait itself, if `promise` is what the code got that has begun it; or what
   * it is a part of, if that is behind it.
   */
  behind(promise: unknown): HandedWait | undefined;
}
