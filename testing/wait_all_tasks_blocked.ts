/** @module */
import { setImmediate } from "node:timers";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { ExternalWaiter } from "../tasks/kernel/wait/waiter.ts";
import { onWait } from "./_on_wait.ts";

/**
 * A wait for the loop to come to rest; external, so that a virtual clock does
 * not jump before it has ended.
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
 * Waits until every other task of the loop waits for something, be it time,
 * each other or the world outside, so that nothing happens by itself any more.
 * Instead of a sleep that is long enough, mostly.
 *
 * It works on the real and on the virtual clock; that does not jump before this
 * has ended. A task that waits for a foreign promise counts as running, one
 * that gives way with `sleep(0)` too. Mirrors Trio's `wait_all_tasks_blocked`.
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
 * assertFalse(task.done); // it stands in line now, whatever it does before
 *
 * guard[Symbol.dispose]();
 * await task;
 * assert(task.done);
 * ```
 */
export function waitAllTasksBlocked(): Promise<void> {
  return checkpointIfCancelled() ?? new RestWait().promise;
}
