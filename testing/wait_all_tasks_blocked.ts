/** @module */
import { setImmediate } from "node:timers";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { ExternalWaiter } from "../tasks/kernel/wait/waiter.ts";
import { onWait } from "./_on_wait.ts";

/**
 * A wait until the loop comes to rest. It is external, so that a virtual clock
 * does not jump before it has ended.
 */
class RestWait extends ExternalWaiter<void> {
  readonly what = "waitAllTasksBlocked";
  readonly #stop: () => void;
  #lookPlanned = false;

  constructor() {
    super();
    this.#stop = onWait(this.scope.loop, () => this.#planLook());
    this.#planLook();
  }

  protected override leave(): void {
    super.leave();
    this.#stop();
  }

  #planLook(): void {
    if (this.#lookPlanned) return;
    this.#lookPlanned = true;
    setImmediate(() => {
      this.#lookPlanned = false;
      if (this.scope.loop.idle) this.wakeNow();
    });
  }
}

/**
 * Waits until every other task of the loop waits for time, for each other or
 * for the world outside, so that nothing happens by itself any more: instead of
 * a sleep that is hopefully long enough. Mirrors Trio's
 * `wait_all_tasks_blocked`.
 *
 * It works on the real clock and on a virtual one, which does not jump before
 * this has ended. A task that awaits a foreign promise counts as running, and
 * so does one in `sleep(0)`.
 *
 * **Cancel safety:** it leaves nothing behind.
 *
 * @throws {CancelledError} The task was cancelled.
 *
 * @example
 * ```ts
 * import { Lock } from "@asyncio/asyncio/sync";
 * import { createTask } from "@asyncio/asyncio/tasks";
 * import { waitAllTasksBlocked } from "@asyncio/asyncio/testing";
 * import { assert, assertFalse } from "@std/assert";
 *
 * const lock = new Lock();
 * const guard = await lock.acquire();
 * const task = createTask(async () => {
 *   using _ = await lock.acquire();
 * });
 * await waitAllTasksBlocked();
 * assertFalse(task.done); // it waits for the lock now
 *
 * guard[Symbol.dispose]();
 * await task;
 * assert(task.done);
 * ```
 */
export function waitAllTasksBlocked(): Promise<void> {
  return checkpointIfCancelled() ?? new RestWait().promise;
}
