/**
 * Time that moves only when nothing else can happen: the mechanism of
 * `VirtualClock`.
 *
 * A loop calls the timeline when it may have come to rest. The timeline looks
 * at the loop in an immediate, which runs after all microtasks. By then each
 * task has ended, is in a wait, or awaits something foreign; time stands still
 * for the latter. Nothing is polled: each event that can bring a loop to rest
 * is followed by a look.
 *
 * Each look takes one step, so that all consequences of a step come before the
 * next:
 *
 * 1. A loop whose alarm is due rings.
 * 2. Else, if all loops are at rest, an `advance` whose time has come ends.
 * 3. Else time jumps to the next alarm or end of an `advance`.
 * 4. If there is neither, nothing can happen any more: a deadlock.
 *
 * While a task waits for the world outside, time stands still, unless an
 * `advance` moves it, or nothing has happened for long enough.
 *
 * @module
 */
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { Alarm, Clock, ClockedLoop } from "../tasks/kernel/loop/clock.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import { breakDeadlock, type DeadlockError } from "./deadlock.ts";
import { onWait } from "./_on_wait.ts";
import { standing } from "./_standing_still.ts";

/** How a {@linkcode Timeline} behaves. */
export interface TimelineOptions {
  start: number;
  /** Whether time jumps by itself. */
  autoJump: boolean;
  /**
   * For how many milliseconds of real time foreign code may still wake loops
   * that cannot go on, before that counts as a deadlock.
   */
  deadlockGrace: number;
  /**
   * After how many milliseconds of real time without an event time goes on
   * although a task waits for the world outside.
   */
  outsideGrace: number;
  /** Called once for each loop that waits if time stands still for a second. */
  onStandstill: (loop: Loop, message: string) => void;
  /** Called with every deadlock. */
  onDeadlock?: (error: DeadlockError) => void;
}

/**
 * A wait until time has reached `when`, and all has happened that is due by
 * then.
 */
export interface Goal {
  readonly when: number;
  reached(): void;
}

/** How many turns the runtime gets for I/O before a clock is moved by hand. */
const QUIET_LOOKS = 3;

/** After this long a clock that stands still reports for what. */
const STILL_REPORT_AFTER_MS = 1000;

export class Timeline implements Clock {
  readonly #options: TimelineOptions;
  #now: number;
  /** The loops, with the times of their alarms. */
  readonly #alarms = new Map<Loop, number | undefined>();
  /** The goals, earliest first; those of the same time in order of arrival. */
  readonly #goals: Goal[] = [];
  /** The loops that had a deadlock before. */
  readonly #broken = new WeakSet<Loop>();
  #lookPlanned = false;
  /** How many looks there were since the last event. */
  #quietLooks = 0;
  /** The timer that runs while nothing happens. */
  #silence: ReturnType<typeof setTimeout> | undefined;
  #hasReportedStandstill = false;

  constructor(options: TimelineOptions) {
    this.#options = options;
    this.#now = options.start;
  }

  now(): number {
    return this.#now;
  }

  /** How many loops are connected that have not ended. */
  get loops(): number {
    this.#forgetClosed();
    return this.#alarms.size;
  }

  connect(clocked: ClockedLoop): Alarm {
    const loop = clocked as Loop;
    this.#forgetClosed();
    this.#alarms.set(loop, undefined);
    onWait(loop, this.#planLook);
    return {
      set: (when) => {
        this.#alarms.set(loop, when);
        this.#planLook();
      },
    };
  }

  addGoal(goal: Goal): void {
    const later = this.#goals.findIndex(({ when }) => when > goal.when);
    this.#goals.splice(later < 0 ? this.#goals.length : later, 0, goal);
    this.#planLook();
  }

  removeGoal(goal: Goal): void {
    const index = this.#goals.indexOf(goal);
    if (index < 0) return;
    this.#goals.splice(index, 1);
    this.#planLook();
  }

  #planLook = (): void => {
    this.#quietLooks = 0;
    if (this.#lookPlanned) return;
    this.#lookPlanned = true;
    clearTimeout(this.#silence);
    setImmediate(this.#look);
  };

  #look = (): void => {
    this.#lookPlanned = false;
    this.#forgetClosed();
    if (this.#ringNext()) return;
    const waiting = [...this.#alarms.keys()].filter((loop) => !loop.blocked);
    if (waiting.length === 0) this.#moveOn();
    else if (this.#goals.length > 0) this.#moveByHand();
    else this.#standStill(waiting);
  };

  /** Moves time: every loop is at rest. */
  #moveOn(): void {
    if (this.#reachGoal()) return;
    const next = this.#nextTime();
    if (next === Infinity) return this.#checkDeadlock();
    this.#now = next;
    if (!this.#ringNext()) this.#reachGoal();
  }

  /**
   * Moves time for an `advance`, although a task waits for the world outside:
   * after some turns in which events that are ready can happen.
   */
  #moveByHand(): void {
    if (this.#quietLooks++ >= QUIET_LOOKS) return this.#moveOn();
    this.#lookPlanned = true;
    setImmediate(this.#look);
  }

  /** @param silent For how many milliseconds nothing has happened already. */
  #standStill(waiting: readonly Loop[], silent = 0): void {
    const { outsideGrace, autoJump, onStandstill } = this.#options;
    if (!autoJump || this.#nextTime() === Infinity) return;
    const limit = this.#hasReportedStandstill
      ? outsideGrace
      : Math.min(outsideGrace, STILL_REPORT_AFTER_MS);
    if (limit === Infinity) return;
    this.#silence = setTimeout(() => {
      if (limit === outsideGrace) return this.#moveOn();
      this.#hasReportedStandstill = true;
      for (const loop of waiting) onStandstill(loop, standing(loop));
      this.#standStill(waiting, limit);
    }, Math.max(limit - silent, 0));
  }

  /** Rings the loop whose alarm is due, the earliest first. */
  #ringNext(): boolean {
    let next: Loop | undefined;
    let least = this.#now;
    for (const [loop, when = Infinity] of this.#alarms) {
      if (next === undefined ? when > least : when >= least) continue;
      next = loop;
      least = when;
    }
    if (next === undefined) return false;
    this.#alarms.set(next, undefined);
    next.ring();
    this.#planLook();
    return true;
  }

  #reachGoal(): boolean {
    const goal = this.#goals[0];
    if (goal === undefined || goal.when > this.#now) return false;
    this.#goals.shift();
    goal.reached();
    this.#planLook();
    return true;
  }

  #nextTime(): number {
    let next = this.#goals[0]?.when ?? Infinity;
    if (next === Infinity && !this.#options.autoJump) return Infinity;
    for (const when of this.#alarms.values()) {
      if (when !== undefined && when < next) next = when;
    }
    return next;
  }

  /** Called if every loop is at rest, and there is no alarm and no goal. */
  #checkDeadlock(): void {
    const { autoJump, deadlockGrace, onDeadlock } = this.#options;
    if (!autoJump) return; // the code that moves the clock may wake them
    const stuck = [...this.#alarms].filter(([loop, when]) =>
      when === undefined && loop.tasks.size > 0
    );
    if (stuck.length === 0) return;
    const end = () => {
      for (const [loop] of stuck) {
        const error = breakDeadlock(loop, this.#broken.has(loop));
        this.#broken.add(loop);
        onDeadlock?.(error);
      }
      this.#planLook();
    };
    if (deadlockGrace === 0) end();
    else this.#silence = setTimeout(end, deadlockGrace);
  }

  #forgetClosed(): void {
    for (const loop of this.#alarms.keys()) {
      if (loop.closed) this.#alarms.delete(loop);
    }
  }
}
