/** @module */
import { callInScope, openScope } from "./kernel/context/current_scope.ts";
import { checkFunction, checkMilliseconds } from "./kernel/types.ts";
import { composite } from "./kernel/wait/handed_wait.ts";
import { timeout } from "./timeout.ts";

/**
 * Runs `body` so that no cancel from outside reaches it: for clean-up that has
 * to wait, such as saying goodbye to a server. Trio's
 * `CancelScope(shield=True)`.
 *
 * - A cancel that comes meanwhile, or that was not delivered before, is
 *   delivered at the next wait after it; the value of the body is given all the
 *   same.
 * - What is inside has cancels of its own: timeouts and groups in the body work
 *   as everywhere.
 * - `timeout` is its own limit, in milliseconds: clean-up that hangs would keep
 *   the program from ending.
 *
 * {@linkcode shield} is something else: there the one that waits goes its way,
 * and the work is left to itself.
 *
 * **Cancel safety:** it ends when the body has, even if it is given up.
 *
 * @throws {TypeError} `body` is no function, or the limit no number.
 * @throws {RangeError} The limit is `NaN`.
 * @throws {TimeoutError} Its own limit was over.
 *
 * @example
 * ```ts
 * import { moveOnAfter, shielded, sleep } from "@asyncio/asyncio/tasks";
 * import { assertEquals } from "@std/assert";
 *
 * const said: string[] = [];
 * await moveOnAfter(1, async () => {
 *   try {
 *     await sleep(60_000);
 *   } finally {
 *     await shielded(async () => {
 *       await sleep(1); // in a cancelled task that would throw elsewhere
 *       said.push("goodbye");
 *     }, { timeout: 1000 });
 *   }
 * });
 * assertEquals(said, ["goodbye"]);
 * ```
 */
export function shielded<T>(
  body: () => PromiseLike<T> | T,
  options?: { timeout?: number | undefined },
): Promise<T> {
  const limit = options?.timeout;
  try {
    checkFunction(body, "Cannot shield: the body");
    if (limit !== undefined) {
      checkMilliseconds(limit, "Cannot shield: the timeout");
    }
  } catch (error) {
    return Promise.reject(error);
  }
  // Two scopes: the outer one is given up without effect on the inner one.
  return composite(async () => {
    const scope = openScope();
    scope.shielded = true;
    try {
      return await callInScope(
        scope,
        () => timeout(limit, () => body()),
        undefined,
      );
    } finally {
      scope.close();
    }
  });
}
