/** @module */
import { callInScope, openScope } from "./kernel/context/current_scope.ts";
import { checkFunction, timeoutIn } from "./kernel/types.ts";
import { composite } from "./kernel/wait/handed_wait.ts";
import { timeout } from "./timeout.ts";

/**
 * Runs `body` so that no cancel from outside reaches it, and resolves to what
 * it returns: for clean-up that has to wait, such as saying goodbye to a
 * server. As Trio's `CancelScope(shield=True)`.
 *
 * - A cancel that comes meanwhile, or that was pending before, is delivered at
 *   the next wait after this one.
 * - Timeouts and groups inside the body work as everywhere.
 * - `timeout` is a limit of its own, in milliseconds: clean-up that hangs would
 *   keep the program from ending.
 *
 * {@linkcode shield} is something else: there the wait ends at once, and the
 * work goes on by itself.
 *
 * **Cancel safety:** it settles when the body has ended, never before.
 *
 * @throws {TypeError} `body` is no function, or the limit no number.
 * @throws {RangeError} The limit is `NaN`.
 * @throws {TimeoutError} Its own time was up.
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
  let limit: number | undefined;
  try {
    checkFunction(body, "Cannot shield: the body");
    limit = timeoutIn(options, "shield");
  } catch (error) {
    return Promise.reject(error);
  }
  // Two scopes: `composite` opens the outer one, whose cancel does not reach
  // the inner one.
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
