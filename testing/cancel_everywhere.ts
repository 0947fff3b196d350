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
import { describeFailure, type Failure } from "./_run_scenario.ts";

/**
 * A scenario failed when it was cancelled at one of its cancellation points, or
 * the check after it did. The `cause` is what was thrown.
 *
 * Thrown by {@linkcode cancelEverywhere}.
 */
export class CancelEverywhereError extends Error {
  /** `"CancelEverywhereError"` */
  override name = "CancelEverywhereError";
  /**
   * The number of the point: points are counted from 1, in the order in which
   * the scenario reaches them.
   */
  readonly point: number;
  /** What the scenario waits for there: `"Lock.acquire"`. */
  readonly waitsFor: string;
  /** The line of the scenario, as a stack shows it, if it is known. */
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
  /** Whether a cancel can come before the wait. */
  readonly open: boolean;
  /** Whether the scenario really had to wait there. */
  waits: boolean;
  /** Whether it waits for the world outside: the next run may not have to. */
  isExternal: boolean;
}

/**
 * When the cancel comes: before the wait begins, during the wait, or after its
 * end but before the scenario resumes.
 */
type CancelTiming = "right at" | "in the wait of" | "on waking up from";

/**
 * Runs a scenario again and again, cancels it at each of its cancellation
 * points, and calls `check` after each run, which asserts what no cancel may
 * break: for example, that no lock is held and no item is lost.
 *
 * - A **cancellation point** is where the scenario's own task (not one that it
 *   starts) awaits something of this package, even if it does not have to wait.
 * - First the scenario is run without a cancel, to find the points, and must
 *   succeed. Then it is run for each point, and cancelled before the wait
 *   begins. (No cancel can come between two waits that are begun at once, as in
 *   `Promise.all([sleep(1), sleep(2)])`.) If it really waits, it is run twice
 *   more: it is cancelled during the wait; and after the wait was ended, before
 *   the scenario resumes. Then it has what it waited for, and the cancel is
 *   delivered at its next point.
 * - Every run has a loop of its own and a virtual clock. It is over, with all
 *   that it left running, before `check` is called.
 * - A scenario that is cancelled may reject with the `CancelledError`, or
 *   handle the cancel and return. It fails if it rejects with another error, if
 *   one of its tasks fails and the error is not retrieved, or if it cannot go
 *   on (a {@linkcode DeadlockError}).
 * - If it still runs a second after its cancel, or time stands still, since the
 *   world outside is waited for, the exception handler of the caller's loop is
 *   called.
 *
 * The scenario has to reach the same points each time. So it makes new objects
 * each time, or leaves them as they were. Only whether it has to wait for the
 * world outside (a socket, a child, a thread) may differ: if it does not in the
 * run that would be cancelled in that wait, nothing is checked.
 *
 * **Cancel safety:** a cancel of the caller is delivered to the scenario.
 * Nothing is left behind.
 *
 * @returns How many points there are.
 * @throws {CancelEverywhereError} The scenario failed when it was cancelled, or
 * `check` failed after it.
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

/** Where and when a run of the scenario is cancelled. */
interface Spot {
  readonly point: Point;
  /** The index of the point. */
  readonly index: number;
  readonly timing: CancelTiming;
}

async function cancelAll(
  scenario: Coroutine<void>,
  check: () => void | Promise<void>,
): Promise<{ points: number }> {
  const points = await findPoints(scenario);
  for (const [index, point] of points.entries()) {
    const cancelAt = async (timing: CancelTiming) => {
      const spot = { point, index, timing };
      if (await runCancelled(scenario, spot)) await checkAfter(check, spot);
    };
    if (point.open) await cancelAt("right at");
    if (!point.waits) continue;
    await cancelAt("in the wait of");
    await cancelAt("on waking up from");
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

/**
 * Runs the scenario and cancels it at a spot. Resolves to false if it has not
 * been cancelled, as it did not have to wait there.
 */
async function runCancelled(
  scenario: Coroutine<void>,
  spot: Spot,
): Promise<boolean> {
  const { point, index, timing } = spot;
  let cancelled = false;
  let passed = 0;
  let stop = () => {};
  const failures = await runWithCheckpoints(scenario, (checkpoint) => {
    if (passed++ !== index) return;
    const { scope } = checkpoint;
    const task = scope.task as Task<unknown>;
    const cancel = () => {
      cancelled = task.cancel(describeSpot(spot));
    };
    if (timing === "right at") cancel();
    else if (timing === "in the wait of") checkpoint.onWait(cancel);
    else checkpoint.onWait((wait) => stop = onWakeUp(scope, wait, cancel));
  });
  stop();
  const failure = failures.find(({ error }) =>
    !isCancelled(error) || error instanceof DeadlockError
  );
  if (failure !== undefined) throw failureAt(spot, "it failed", failure);
  if (cancelled) return true;
  if (timing === "on waking up from") return false; // it has ended before the wait
  if (point.isExternal && passed > index) return false; // it did not have to wait
  throw errorAt(
    spot,
    `it did not come to ${
      describePoint(spot)
    } again: it has to do the same each time`,
  );
}

async function checkAfter(
  check: () => void | Promise<void>,
  spot: Spot,
): Promise<void> {
  try {
    await check();
  } catch (error) {
    throw failureAt(spot, "the check failed", { error });
  }
}

/** `"point 1, Lock.acquire (at ...)"` */
function describePoint({ index, point: { waitsFor, where } }: Spot): string {
  const place = where === undefined ? "" : ` (${where})`;
  return `point ${index + 1}, ${waitsFor}${place}`;
}

/** `"cancelled right at point 1, Lock.acquire (at ...)"` */
function describeSpot(spot: Spot): string {
  return `cancelled ${spot.timing} ${describePoint(spot)}`;
}

function failureAt(
  spot: Spot,
  what: string,
  failure: Failure,
): CancelEverywhereError {
  const message = `${describeSpot(spot)}, ${what}: ${describeFailure(failure)}`;
  return errorAt(spot, message, { cause: failure.error });
}

function errorAt(
  { index, point: { waitsFor, where } }: Spot,
  message: string,
  options?: ErrorOptions,
): CancelEverywhereError {
  const details = { ...options, point: index + 1, waitsFor, where };
  return new CancelEverywhereError(message, details);
}
