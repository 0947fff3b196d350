/**
 * Waits, as scopes and those that promises are handed to see them.
 *
 * @module
 */
import type { CancelledError } from "../errors.ts";
import type { CancelScope } from "./cancel_scope.ts";

/**
 * What is behind a promise that a wait of this package has returned: known to
 * those that the promise is handed to.
 */
export interface HandedWait {
  /** What is waited for, in words. */
  readonly what: string;
  /**
   * Ends the wait, as the promise's new owner gives it up. The promise settles
   * when the wait has ended; with its value if that was on its way already.
   *
   * @param caller Where the code is that asks for it; none where it is the loop.
   */
  abandon(error: CancelledError, caller?: CancelScope): void;
  /** Takes the wait out of its task, so that no cancel of that reaches it. */
  detach(): void;
}

/** A wait, as the scope it was begun in sees it: a link of the scope's list. */
export interface ScopedWait extends HandedWait {
  previousInScope: ScopedWait | undefined;
  nextInScope: ScopedWait | undefined;
  readonly pending: boolean;
  /** What is waited for, in words. */
  readonly what: string;
  /** Whether it is a wait for the world outside: a socket, a child, a thread. */
  readonly isExternal: boolean;
  /** Whether no cancel ends it, but it ends in a time of its own. */
  readonly hasOwnLimit: boolean;
  /** If it waits for a wait that was handed over: takes that out of the task. */
  detachHanded?(): void;
  /** When it began, on the loop's clock, if an observer has noted it. */
  since: number | undefined;
  /** The stack where it began, if an observer has noted it. */
  where: Error | undefined;
  /**
   * Ends the wait; false where it goes on all the same, and the cancel is still
   * to be delivered.
   */
  cancel(error: CancelledError): boolean;
  /** Ends the wait, come what may. */
  abort(reason: unknown): void;
  /** Whether `promise` is what the code got that has begun the wait. */
  isBehind(promise: unknown): boolean;
}
