/** @module */

/**
 * One hold on a lock, or one permit of a semaphore: what `acquire` gives.
 * Disposing it gives that hold back, and nothing else: twice is harmless, and
 * so is disposing it after somebody has released the lock by hand.
 *
 * @example
 * ```ts
 * import { Lock } from "@asyncio/asyncio/sync";
 * import { assertFalse } from "@std/assert";
 *
 * const lock = new Lock();
 * {
 *   using _ = await lock.acquire();
 *   // here nobody else is
 * }
 * assertFalse(lock.locked);
 * ```
 */
export interface Guard extends Disposable {
  /** Gives the hold back, if it has not been given back yet. */
  [Symbol.dispose](): void;
}
