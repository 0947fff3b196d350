/** @module */
import type { Guard } from "./guard.ts";

/**
 * The loan of one resource of a {@linkcode Pool}: what `acquire` resolves to.
 * Releasing it returns the resource to the pool. Releasing it again does
 * nothing.
 *
 * @typeParam T The type of the resource.
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
  /** The resource. It belongs to this lease alone until that is released. */
  readonly resource: T;
  /**
   * Destroys the resource instead of returning it to the pool: if it is broken,
   * or in a state that the next task must not see. Does nothing after a
   * release.
   */
  discard(): void;
}
