/** @module */
import type { Alarm, Clock, ClockedLoop } from "../tasks/kernel/loop/clock.ts";
import { checkMilliseconds, describe } from "../tasks/kernel/types.ts";
import { checkpointIfCancelled } from "../tasks/kernel/wait/checkpoint.ts";
import { Waiter } from "../tasks/kernel/wait/waiter.ts";
import { printable } from "../tasks/kernel/watch/inspect.ts";
import { type Goal, Timeline } from "./_timeline.ts";

/**
 * How long, on the real clock, a run that can't go on may be woken by something
 * foreign before it is called a deadlock.
 */
const PATIENCE = 1000;

/** How a {@linkcode VirtualClock} starts, and who moves it. */
export interface VirtualClockOptions {
  /** The first time it shows, in milliseconds; 0 unless given. */
  start?: number | undefined;
  /**
   * Whether it jumps when every task waits; true unless given. With `false`
   * only {@linkcode VirtualClock.advance} moves it.
   */
  autoJump?: boolean | undefined;
  /**
   * After how many milliseconds of real time, in which nothing has happened, it
   * jumps although something of the world outside is waited for: a socket, a
   * child, a foreign promise. As Trio's `autojump_threshold`. Unless given, it
   * waits for the world outside as long as that takes.
   */
  outsideGrace?: number | undefined;
}

/**
 * A clock for tests, on which a day of sleeps and timeouts takes milliseconds:
 * `run(main, { clock: new VirtualClock() })`.
 *
 * - **It jumps when every task waits**, to the next moment at which a sleep, a
 *   timeout or a timer is due. What follows from that, promise continuations
 *   and all, has happened before it jumps again: the order is exactly the one
 *   the real clock would give.
 * - **It waits for the real world.** While a task waits for a socket, a child
 *   or a thread, or for a foreign promise (it is then in no wait of this
 *   package), time stands still. If it stands still for a second, it says so
 *   through the exception handler, once, and for what. With `outsideGrace` it
 *   goes on when the real world has been silent for so long, and `advance` moves
 *   it at any time.
 * - **It never jumps to infinity**: `sleep(Infinity)` waits for a cancel.
 * - **It reports deadlocks**: where no task can go on and there is nothing to
 *   jump to, the main task is cancelled with a {@linkcode DeadlockError}. As
 *   foreign code may still wake a task (a callback that puts into a queue), it
 *   looks on for a second of real time first; `cancellable` tells it of such
 *   code.
 * - **It touches no globals.** `Date`, `setTimeout` and `performance` stay
 *   real, and so does everything outside of the runs that are given this clock.
 *   Several runs may share it, side by side; it then jumps when the tasks of
 *   all of them wait.
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
   * Makes a clock that stands at `options.start`.
   *
   * @throws {RangeError} `start` is not finite, or `outsideGrace` is `NaN`.
   */
  constructor(options?: VirtualClockOptions) {
    const { start = 0, autoJump = true, outsideGrace = Infinity } = options ??
      {};
    checkFinite(start, "Cannot make a VirtualClock: start");
    checkMilliseconds(outsideGrace, "Cannot make a VirtualClock: outsideGrace");
    this.#timeline = new Timeline({
      start,
      autoJump,
      outsideGrace,
      patience: PATIENCE,
    });
  }

  /** The time in milliseconds. */
  now(): number {
    return this.#timeline.now();
  }

  /** Connects a loop: called by `run`. */
  connect(loop: ClockedLoop): Alarm {
    return this.#timeline.connect(loop);
  }

  /**
   * Moves the clock on by `ms`, and waits until everything has happened that is
   * due by then, in order, with all that follows from it; so after it there is
   * nothing left to wait for. Zero or less lets happen what is due now.
   *
   * What is due happens also while something of the world outside is waited for:
   * then what follows from that is not waited for.
   *
   * In a task it is a wait like `sleep(ms)`, but one that comes last of all
   * that happens at its time. The clock goes on jumping by itself before and
   * after, whenever every task waits; so a test that moves it from outside of
   * the run, and waits for other things in between, wants a clock made with
   * `autoJump: false`. Calls side by side are like sleeps side by side.
   *
   * **Cancel safety:** an advance that is cancelled leaves nothing behind; the
   * clock stands where it has got to.
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
    // For a loop with another clock other code moves this one.
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
