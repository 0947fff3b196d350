/** @module */
import type { DeliveryScope } from "./in_flight.ts";
import type { ScopedWait } from "./scoped_wait.ts";

/**
 * The waits, and the scopes of waits in several steps, that have become
 * futures: `ensureFuture(queue.get())`, and so `wait([queue.get()])`.
 *
 * A cancel of the task ends them with the others. But the future gets the
 * error, and the code of the task may never look at it. So a cancel that has
 * ended only such waits is still to be delivered to the code.
 */
export const handedOver = new WeakSet<object>();

/** Whether `wait`, which is in `scope` or inside, has become a future. */
export function isHandedOver(wait: ScopedWait, scope: object): boolean {
  if (handedOver.has(wait)) return true;
  for (
    let at: DeliveryScope | undefined = wait.scope;
    at !== undefined && at !== scope;
    at = at.parent
  ) if (handedOver.has(at)) return true;
  return false;
}
