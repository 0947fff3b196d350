/** @module */
import type { Alarm, Clock, ClockedLoop } from "../tasks/kernel/loop/clock.ts";
import {
  checkMilliseconds,
  checkOptions,
  describe,
} from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { Waiter } from "../tasks/kernel/wait/waiter.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { type Goal, Timeline } from "./_timeline.ts";

/**
 * For how many milliseconds of real time foreign code may still wake a run that
 * cannot go on, before that counts as a deadlock.
 */
const DEADLOCK_GRACE_MS = 1000;

/** Options of a {@linkcode VirtualClock}. */
export interface VirtualClockOptions {
  /** The first time it shows, in milliseconds; 0 unless given. */
  start?: number | undefined;
  /**
   * Whether it jumps when every task waits; true unless given. With `false`
   * only {@linkcode VirtualClock.advance} moves it.
   */
  autoJump?: boolean | undefined;
  /**
   * After how many milliseconds of real time without an event it jumps although
   * a task waits for the world outside: a socket, a child, a foreign promise.
   * As Trio's `autojump_threshold`. Unless given, it waits as long as that
   * takes.
   */
  outsideGrace?: number | undefined;
}

/**
 * A clock for tests, on which a day of sleeps and timeouts takes milliseconds:
 * `run(main, { clock: new VirtualClock() })`.
 *
 * - **It jumps when every task waits**, to the next time at which a sleep, a
 *   timeout or a timer is due. All consequences, promise continuations
 *   included, come before it jumps again: the order is exactly that on the real
 *   clock.
 * - **It waits for the world outside.** While a task waits for a socket, a
 *   child or a thread, or awaits a foreign promise, time stands still. If it
 *   stands still for a second, that is reported to the exception handler, once,
 *   with what is waited for. With `outsideGrace` it goes on after that long
 *   without an event, and `advance` moves it at any time.
 * - **It never jumps to infinity**: `sleep(Infinity)` waits for a cancel.
 * - **It reports deadlocks**: if no task can go on and there is no time to jump
 *   to, the main task is cancelled with a {@linkcode DeadlockError}. As foreign
 *   code may still wake a task (a callback that puts into a queue), it waits
 *   for a second of real time first; if the task waits with `cancellable`, as
 *   long as that takes.
 * - **It changes no globals.** `Date`, `setTimeout` and `performance` stay
 *   real, as does all outside of the runs on this clock. Several runs may share
 *   it, side by side: it jumps when the tasks of all of them wait.
 *
 * @example A day in no time
 * ```ts
 * import { getRunningLoop, run, sleep } from "@asyncio/asyncio/tasks";
 * import { VirtualClock } from "@asyncio/asyncio/testing";
 * import { assertEquals } from "@std/assert";
 *
 * await run(async () => {
 *   for (let hour = 0; hour < 24; hour++) await sleep(3_600_000);
 *   assertEquals(getRunningLoop().time(), 86_400_000);
 * }, { clock: new VirtualClock() });
 * ```
 */
export class VirtualClock implements Clock {
  readonly #timeline: Timeline;

  /**
   * Makes a clock that shows `options.start`.
   *
   * @throws {RangeError} `start` is not finite, or `outsideGrace` is `NaN`.
   */
  constructor(options?: VirtualClockOptions) {
    checkOptions(options, "make a VirtualClock");
    const { start = 0, autoJump = true, outsideGrace = Infinity } = options ??
      {};
    checkFinite(start, "Cannot make a VirtualClock: start");
    checkMilliseconds(outsideGrace, "Cannot make a VirtualClock: outsideGrace");
    this.#timeline = new Timeline({
      start,
      autoJump,
      outsideGrace,
      deadlockGrace: DEADLOCK_GRACE_MS,
      onStandstill: (loop, message) =>
        loop.report({
          message:
            `${message}. VirtualClock's option outsideGrace lets it go on`,
        }),
    });
  }

  /** Returns the time in milliseconds. */
  now(): number {
    return this.#timeline.now();
  }

  /** Connects a loop: called by `run`. */
  connect(loop: ClockedLoop): Alarm {
    return this.#timeline.connect(loop);
  }

  /**
   * Moves the clock on by `ms`, and waits until all that is due by then has
   * happened, in order, with its consequences. With zero or less, for what is
   * due now.
   *
   * It moves the clock even while a task waits for the world outside.
   * Consequences of that wait are not waited for.
   *
   * In a task it is a wait like `sleep(ms)`, but the last one of its time to
   * end. Before and after, the clock goes on jumping by itself whenever every
   * task waits. So a test that moves it from outside of the run, and waits for
   * other things in between, needs a clock with `autoJump: false`. Calls side
   * by side are like sleeps side by side.
   *
   * **Cancel safety:** an advance that is cancelled leaves nothing behind. The
   * clock stays at the time that it has reached.
   *
   * @throws {RangeError} `ms` is not finite.
   * @throws {CancelledError} The task was cancelled.
   *
   * @example By hand, from outside of the run
   * ```ts
   * import { run, sleep } from "@asyncio/asyncio/tasks";
   * import { VirtualClock } from "@asyncio/asyncio/testing";
   * import { assertEquals } from "@std/assert";
   *
   * const clock = new VirtualClock({ autoJump: false });
   * let ticks = 0;
   * const running = run(async () => {
   *   for (; ticks < 3; ticks++) await sleep(100);
   * }, { clock });
   * await clock.advance(250);
   * assertEquals(ticks, 2);
   * await clock.advance(50);
   * await running;
   * ```
   */
  advance(ms: number): Promise<void> {
    try {
      checkFinite(ms, "Cannot advance a clock: the time");
    } catch (error) {
      return Promise.reject(error);
    }
    return checkpointIfCancelled() ??
      new Advance(this, this.#timeline, ms).promise;
  }

  static {
    printable(VirtualClock, (clock) => ({
      now: clock.now(),
      runs: clock.#timeline.loops,
    }));
  }
}

/** A wait for the time to pass. */
class Advance extends Waiter<void> implements Goal {
  readonly when: number;
  readonly what: string;
  readonly #timeline: Timeline;

  constructor(clock: VirtualClock, timeline: Timeline, ms: number) {
    super();
    this.when = timeline.now() + Math.max(ms, 0);
    this.what = `advance ${ms}`;
    this.#timeline = timeline;
    // On another clock, this is a wait for the world outside.
    this.isExternal = this.scope.loop.clock !== clock;
    timeline.addGoal(this);
  }

  reached(): void {
    this.wakeNow();
  }

  protected override leave(): void {
    this.#timeline.removeGoal(this);
  }
}

function checkFinite(value: unknown, subject: string): void {
  checkMilliseconds(value, subject);
  if (Number.isFinite(value)) return;
  throw new RangeError(`${subject} is finite, received ${describe(value)}`);
}
