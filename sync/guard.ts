/** @module */

/**
 * One hold on a lock, or the permits taken from a semaphore: what `acquire`
 * resolves to. Releasing it ends this hold and no other. Releasing it again, or
 * after a call of `lock.release()`, does nothing.
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
 * guard.release(); // before the end of a block
 * assertFalse(lock.locked);
 * ```
 */
export interface Guard extends Disposable {
  /** Ends the hold, if it has not ended yet. */
  release(): void;
  /** Calls {@linkcode Guard.release}: at the end of a `using` block. */
  [Symbol.dispose](): void;
}
