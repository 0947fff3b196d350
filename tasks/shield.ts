/** @module */
import { completionOf, Future } from "./future.ts";
import { ensureFuture } from "./ensure_future.ts";
import type { Awaitable } from "./types.ts";

/**
 * Protects work from the cancel of whoever waits for it. Mirrors
 * `asyncio.shield`.
 *
 * A task that awaits the shield and is cancelled goes its way, and the work
 * goes on alone. If the work fails later, with nobody left to hear of it, the
 * exception handler does. It does not protect from a cancel of the work itself,
 * nor from the end of the `run`.
 *
 * **Cancel safety:** cancelling the wait cancels the shield, not the work.
 *
 * @throws {TypeError} `awaitable` is no function, promise or future.
 *
 * @example
 * ```ts
 * import { createTask, shield, sleep, waitFor } from "@asyncio/asyncio/tasks";
 * import { assertEquals, assertRejects } from "@std/assert";
 *
 * const saving = createTask(() => sleep(20, { result: "saved" }));
 * await assertRejects(() => waitFor(shield(saving), 1));
 * assertEquals(await saving, "saved");
 * ```
 */
export function shield<T>(awaitable: Awaitable<T>): Future<T> {
  const inner = ensureFuture(awaitable);
  if (inner.done) return inner;
  const outer = new Future<T>();
  const { scheduler } = completionOf(outer);
  completionOf(inner).listen({
    settled({ state, value, outcome, source }) {
      if (!outer.done) {
        if (state === "done") outer.setResult(value as T);
        else if (state === "failed") {
          outer.setException(completionOf(inner).error);
        } else {outer.cancel(
            outcome instanceof Error ? outcome.message : undefined,
          );}
      } else if (state === "failed") {
        const error = completionOf(inner).error;
        scheduler.report({
          message: "Exception in shielded future",
          error,
          future: source,
        });
      }
    },
  });
  return outer;
}
