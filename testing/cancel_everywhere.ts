/** @module */
import { isCancelled } from "../tasks/kernel/errors.ts";
import {
  checkCoroutine,
  type Coroutine,
  describe,
} from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { composite } from "../tasks/kernel/wait/handed_wait.ts";
import { calledIn, callerIn } from "../tasks/kernel/watch/user_frame.ts";
import type { Task } from "../tasks/task.ts";
import { onWakeUp, runWithCheckpoints } from "./_checkpoints.ts";
import { DeadlockError } from "./deadlock.ts";
import { describeFailure } from "./_run_scenario.ts";

/**
 * A scenario that was cancelled at one of its cancellation points failed, or
 * what must hold after it did not. The `cause` is what was thrown.
 *
 * Thrown by {@linkcode cancelEverywhere}.
 */
export class CancelEverywhereError extends Error {
  /** `"CancelEverywhereError"` */
  override name = "CancelEverywhereError";
  /**
   * The number of the point, counted from 1 in the order in which the scenario
   * comes to them.
   */
  readonly point: number;
  /** What the scenario waits for there: `"Lock.acquire"`. */
  readonly waitsFor: string;
  /** The line of the scenario, as a stack shows it, where it is known. */
  readonly where: string | undefined;

  /** Made by {@linkcode cancelEverywhere}. */
  constructor(
    message: string,
    options: ErrorOptions & {
      point: number;
      waitsFor: string;
      where: string | undefined;
    },
  ) {
    super(message, options);
    this.point = options.point;
    this.waitsFor = options.waitsFor;
    this.where = options.where;
  }
}

/** A cancellation point. */
interface Point {
  waitsFor: string;
  readonly where: string | undefined;
  /** Whether a cancel can come right there. */
  readonly open: boolean;
  /** Whether the scenario really waits there, instead of going on at once. */
  waits: boolean;
  /** Whether the world outside decides about that, in each run again. */
  isExternal: boolean;
}

/**
 * When the cancel comes: before the wait is begun, while it lasts, or when it
 * was ended, but the scenario has not gone on yet.
 */
type CancelTiming = "right at" | "in the wait of" | "on waking up from";

/**
 * Cancels a scenario at each of its cancellation points, once each, and calls
 * `check` after each: for an invariant that must hold wherever the cancel
 * is delivered, such as that no lock is held and no item is lost.
 *
 * - A **cancellation point** is where the scenario's own task (not one that it
 *   starts) awaits something of this package: also where there would be nothing
 *   to wait for.
 * - The scenario is run once without a cancel, to find the points, and must
 *   succeed. Then it is run for each point, and cancelled right there, before
 *   the wait is begun. (Between two waits that are begun at once, as in
 *   `Promise.all([sleep(1), sleep(2)])`, no cancel can come.) Where it really
 *   waits, it is run twice more: cancelled while it stands in the wait, and
 *   cancelled when it was woken, before it goes on; then it has what it waited
 *   for, and the cancel is delivered at its next point. `check` is called after
 *   each run that was cancelled.
 * - Every run has a loop of its own and a virtual clock, and is over, with all
 *   that it left running, before `check` is called.
 * - A cancelled scenario ends with a `CancelledError`, or handles the cancel
 *   and ends well: both are fine, and `check` tells whether what it left behind
 *   is. It fails when it ends with another error, when one of its tasks fails
 *   and the error is not retrieved, and when it can't go on (a
 *   {@linkcode DeadlockError}).
 *
 * The scenario has to come to the same points each time, so it makes what it
 * uses afresh, or leaves it as it was. Only whether it waits for the world
 * outside (a socket, a child, a thread) may differ: where it does not in the run
 * that was to be cancelled in that wait, there is nothing to check.
 *
 * **Cancel safety:** a cancel of the caller goes to the scenario; nothing is
 * left behind.
 *
 * @returns How many points there are.
 * @throws {CancelEverywhereError} The scenario failed when it was cancelled, or
 * `check` did after it.
 * @throws What the scenario throws without being cancelled.
 * @throws {CancelledError} The caller was cancelled.
 *
 * @example
 * ```ts
 * import { Lock } from "@asyncio/asyncio/sync";
 * import { sleep } from "@asyncio/asyncio/tasks";
 * import { cancelEverywhere } from "@asyncio/asyncio/testing";
 * import { assertEquals, assertFalse } from "@std/assert";
 *
 * const lock = new Lock();
 * const { points } = await cancelEverywhere(async () => {
 *   using _ = await lock.acquire();
 *   await sleep(1000);
 * }, () => assertFalse(lock.locked));
 * assertEquals(points, 2);
 * ```
 */
export function cancelEverywhere(
  scenario: Coroutine<void>,
  check: () => void | Promise<void>,
): Promise<{ points: number }> {
  try {
    checkCoroutine(scenario, "cancelEverywhere");
    if (typeof check !== "function") {
      throw new TypeError(
        `Cannot call cancelEverywhere: check is a function that throws where something is wrong, received ${
          describe(check)
        }`,
      );
    }
  } catch (error) {
    return Promise.reject(error);
  }
  return checkpointIfCancelled() ??
    composite(() => cancelAll(scenario, check));
}

async function cancelAll(
  scenario: Coroutine<void>,
  check: () => void | Promise<void>,
): Promise<{ points: number }> {
  const points = await findPoints(scenario);
  for (const [index, point] of points.entries()) {
    const details = { scenario, check, point };
    if (point.open) await cancelAt(index, "right at", details);
    if (!point.waits) continue;
    await cancelAt(index, "in the wait of", details);
    await cancelAt(index, "on waking up from", details);
  }
  return { points: points.length };
}

/** Runs the scenario without a cancel. */
async function findPoints(scenario: Coroutine<void>): Promise<Point[]> {
  const points: Point[] = [];
  const [failure] = await runWithCheckpoints(scenario, (checkpoint) => {
    const here = new Error();
    const point: Point = {
      waitsFor: calledIn(here) ?? "something",
      where: callerIn(here),
      open: checkpoint.open,
      waits: false,
      isExternal: false,
    };
    points.push(point);
    checkpoint.onWait((wait) => {
      point.waits = true;
      point.waitsFor = wait.what;
      point.isExternal = wait.isExternal;
    });
  });
  if (failure !== undefined) throw failure.error;
  return points;
}

/** Runs the scenario, cancels it at a point, and checks what it left behind. */
async function cancelAt(
  index: number,
  timing: CancelTiming,
  { scenario, check, point }: {
    scenario: Coroutine<void>;
    check: () => void | Promise<void>;
    point: Point;
  },
): Promise<void> {
  const { waitsFor, where } = point;
  const number = index + 1;
  const place = `point ${number}, ${waitsFor}${where ? ` (${where})` : ""}`;

  let cancelled = false;
  let passed = 0;
  let stop = () => {};
  const failures = await runWithCheckpoints(scenario, (checkpoint) => {
    if (passed++ !== index) return;
    const { scope } = checkpoint;
    const task = scope.task as Task<unknown>;
    const cancel = () => {
      cancelled = task.cancel(`cancelled ${timing} ${place}`);
    };
    if (timing === "right at") cancel();
    else if (timing === "in the wait of") checkpoint.onWait(cancel);
    else checkpoint.onWait((wait) => stop = onWakeUp(scope, wait, cancel));
  });
  stop();

  const fail = (message: string, options?: ErrorOptions): never => {
    const details = { ...options, point: number, waitsFor, where };
    throw new CancelEverywhereError(message, details);
  };
  const failed = failures.find(({ error }) =>
    !isCancelled(error) || error instanceof DeadlockError
  );
  if (failed !== undefined) {
    const what = describeFailure(failed);
    fail(`cancelled ${timing} ${place}, it failed: ${what}`, {
      cause: failed.error,
    });
  }
  if (!cancelled) {
    if (timing === "on waking up from") return; // it has ended before the wait
    if (point.isExternal && passed > index) return; // what it waits for was there
    fail(`it did not come to ${place} again: it has to do the same each time`);
  }
  try {
    await check();
  } catch (error) {
    const what = describeFailure({ error });
    fail(`cancelled ${timing} ${place}, the check failed: ${what}`, {
      cause: error,
    });
  }
}
