/** @module */
import type { CancelScope } from "./kernel/cancel/cancel_scope.ts";
import { currentScope } from "./kernel/context/current_scope.ts";

/**
 * Returns when the calling code runs out of time, on the loop's clock: the
 * earliest of all limits around it, or `Infinity`. As Trio's
 * `current_effective_deadline`; asyncio has no counterpart.
 *
 * Children of a group have the limits around the group. Inside
 * {@linkcode shielded} only the limits in there count.
 *
 * @example Tell a server how long there is
 * ```ts
 * import { currentDeadline, getRunningLoop, timeout } from "@asyncio/asyncio/tasks";
 * import { assert, assertEquals } from "@std/assert";
 *
 * function timeLeft(): number {
 *   return currentDeadline() - getRunningLoop().time();
 * }
 *
 * await timeout(5000, () => {
 *   assert(timeLeft() <= 5000);
 *   return timeout(60_000, () => assert(timeLeft() <= 5000));
 * });
 * assertEquals(currentDeadline(), Infinity);
 * ```
 */
export function currentDeadline(): number {
  let earliest = Infinity;
  let scope: CancelScope | undefined = currentScope();
  while (scope !== undefined) {
    earliest = Math.min(earliest, scope.deadline);
    scope = scope.shielded ? undefined : scope.parent ?? scope.group;
  }
  return earliest;
}
