/** @module */
import type { CancelScope } from "../tasks/kernel/cancel/cancel_scope.ts";
import type { ScopedWait } from "../tasks/kernel/cancel/scoped_wait.ts";
import { CancelledError } from "../tasks/kernel/errors.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import { Waiter } from "../tasks/kernel/wait/waiter.ts";
import { callerIn } from "../tasks/kernel/watch/user_frame.ts";
import type { Task } from "../tasks/task.ts";

/** A task, and what it waits for, in a {@linkcode DeadlockError}. */
export interface BlockedTask {
  /** The task's name. */
  readonly task: string;
  /**
   * What it waits for: `"Lock.acquire"`; in debug mode with the place in the
   * code.
   */
  readonly waitsFor: readonly string[];
}

/**
 * Nothing can happen any more: every task waits, and none of them for time or
 * for the world outside.
 *
 * On a `VirtualClock` and in `explore` it ends the main task as a cancel does,
 * and `run` rejects with it. It is a `CancelledError`, so a catch-all that lets
 * a cancel pass lets it pass, too. The message names every task and what it
 * waits for; with `debug: true` also where.
 *
 * @example
 * ```ts
 * import { Lock } from "@asyncio/asyncio/sync";
 * import { sleep, taskGroup } from "@asyncio/asyncio/tasks";
 * import { DeadlockError, explore } from "@asyncio/asyncio/testing";
 * import { assert, assertRejects, assertStringIncludes } from "@std/assert";
 *
 * async function takeBoth(first: Lock, second: Lock) {
 *   using _first = await first.acquire();
 *   await sleep(1);
 *   using _second = await second.acquire();
 * }
 *
 * const { cause } = await assertRejects(() =>
 *   explore(async () => {
 *     const [left, right] = [new Lock(), new Lock()];
 *     await taskGroup((group) => {
 *       group.createTask(() => takeBoth(left, right), { name: "lefty" });
 *       group.createTask(() => takeBoth(right, left), { name: "righty" });
 *     });
 *   }), Error);
 * assert(cause instanceof DeadlockError);
 * assertStringIncludes(cause.message, 'task "lefty" waits for Lock.acquire');
 * assertStringIncludes(cause.message, 'task "righty" waits for Lock.acquire');
 * ```
 */
export class DeadlockError extends CancelledError {
  /** `"DeadlockError"` */
  override name = "DeadlockError";
  /** The tasks, in order of creation. */
  readonly blocked: readonly BlockedTask[];

  /** Made by the virtual clock. */
  constructor(blocked: readonly BlockedTask[]) {
    const lines = blocked.map(({ task, waitsFor }) =>
      `\n  task ${JSON.stringify(task)} waits for ${waitsFor.join(" and ")}`
    );
    super(
      `deadlock: every task waits, none for time or the world outside${
        lines.join("")
      }`,
    );
    this.blocked = blocked;
  }
}

/**
 * Cancels the oldest task of `loop`, the main one, with an error that names all
 * waits. If that did not help before (`again`), fails the waits of all tasks,
 * even those that no cancel ends.
 */
export function breakDeadlock(
  loop: Loop,
  again: boolean,
): DeadlockError {
  const scopes = [...loop.tasks];
  const blocked = scopes.map(({ task, waits }) => ({
    task: (task as Task<unknown>).name,
    waitsFor: waits.map(describeWait),
  }));
  const error = new DeadlockError(blocked);
  const main = scopes[0]!;
  if (again) failWaits(scopes, error);
  else if (main.exposedWaits.length > 0) main.cancel(error);
  else failWaits([main], error); // shielded
  return error;
}

function failWaits(scopes: CancelScope[], error: DeadlockError): void {
  for (const wait of scopes.flatMap(({ waits }) => waits)) {
    if (wait instanceof Waiter) wait.fail(error);
  }
}

/** Returns what is waited for and, in debug mode, where. */
function describeWait(
  wait: ScopedWait & { where?: Error | undefined },
): string {
  const place = wait.where === undefined ? undefined : callerIn(wait.where);
  return place === undefined ? wait.what : `${wait.what} (${place})`;
}
