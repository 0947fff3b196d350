/** @module */
import type { Guard } from "./guard.ts";

/**
 * The loan of one resource of a {@linkcode Pool}: what `acquire` gives.
 * Releasing it gives the resource back to the pool, and nothing else: twice is
 * harmless.
 *
 * @typeParam T The resource.
 *
 * @example
 * ```ts
 * import { Pool } from "@asyncio/asyncio/sync";
 * import { assertEquals } from "@std/assert";
 *
 * let made = 0;
 * await using pool = new Pool({ create: () => ++made, max: 1 });
 * {
 *   using lease = await pool.acquire();
 *   assertEquals(lease.resource, 1);
 * }
 * {
 *   using lease = await pool.acquire();
 *   assertEquals(lease.resource, 1); // the same again
 *   lease.discard();
 * }
 * assertEquals(pool.size, 0);
 * ```
 */
export interface Lease<T> extends Guard {
  /** The resource, this lease's alone until it is released. */
  readonly resource: T;
  /**
   * Has the resource destroyed instead of given out again: it is broken, or in
   * a state that the next one must not see. Harmless after a release.
   */
  discard(): void;
}
