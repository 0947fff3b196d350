/** @module */

/**
 * One hold on a lock, or the permits taken from a semaphore: what `acquire`
 * gives. Releasing it gives back that hold, and nothing else: twice is
 * harmless, and so is releasing it after the lock was released by hand.
 *
 * @example
 * ```ts
 * import { Lock } from "@asyncio/asyncio/sync";
 * import { assertFalse } from "@std/assert";
 *
 * const lock = new Lock();
 * {
 *   using _ = await lock.acquire();
 *   // no other code is here now
 * }
 * assertFalse(lock.locked);
 *
 * const guard = await lock.acquire();
 * guard.release(); // where a block does not fit
 * assertFalse(lock.locked);
 * ```
 */
export interface Guard extends Disposable {
  /** Gives the hold back, if it has not been given back yet. */
  release(): void;
  /** The same as {@linkcode Guard.release}: at the end of a `using` block. */
  [Symbol.dispose](): void;
}
