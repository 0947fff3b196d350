/**
 * Time that moves only when nothing else can happen: what is behind a
 * `VirtualClock`.
 *
 * A loop tells when it may have come to rest. The timeline looks at it in an
 * immediate, which comes after all microtasks: a continuation that is still to
 * run is then either over or in a wait, or it waits for something foreign, and
 * the task is in no wait, and time stands still. Nothing is polled: whatever
 * can bring a loop to rest is followed by a look.
 *
 * One step a look, so that everything that follows from a step comes before the
 * next one:
 *
 * 1. a loop whose alarm is due rings;
 * 2. else, when all loops are at rest, an `advance` ends that time has reached;
 * 3. else time jumps to the next alarm or the end of an `advance`, whichever is
 *    first;
 * 4. where there is neither, nothing can happen any more: a deadlock.
 *
 * While something of the world outside is waited for, time stands still, unless
 * an `advance` moves it, or the world has been silent for long enough.
 *
 * @module
 */
import { clearTimeout, setImmediate, setTimeout } from "node:timers";
import type { Alarm, Clock, ClockedLoop } from "../tasks/kernel/loop/clock.ts";
import type { Loop } from "../tasks/kernel/loop/loop.ts";
import { breakDeadlock, type DeadlockError } from "./deadlock.ts";
import { onWait } from "./_on_wait.ts";
import { reportStanding } from "./_standing_still.ts";

/** How a {@linkcode Timeline} behaves. */
export interface TimelineOptions {
  start: number;
  /** Whether time jumps by itself. */
  autoJump: boolean;
  /**
   * How long, on the real clock, loops that can't go on may be woken by
   * something foreign before it is called a deadlock.
   */
  patience: number;
  /**
   * After how many milliseconds of silence of the world outside, on the real
   * clock, time goes on although something of it is waited for.
   */
  outsideGrace: number;
  /** Called with every deadlock. */
  onDeadlock?: (error: DeadlockError) => void;
}

/**
 * Code that waits until time has got to `when`, and all has happened that
 * happens until then.
 */
export interface Goal {
  readonly when: number;
  reached(): void;
}

/** So often the runtime looks for I/O before a clock is moved by hand. */
const QUIET_LOOKS = 3;

/** After so long a clock that stands still says for what. */
const STILL_REPORT_AFTER_MS = 1000;

export class Timeline implements Clock {
  readonly #options: TimelineOptions;
  #now: number;
  /** The loops, with the times at which they want to be rung. */
  readonly #alarms = new Map<Loop, number | undefined>();
  /** Earliest first; those of the same time in order of arrival. */
  readonly #goals: Goal[] = [];
  /** The loops that had a deadlock before. */
  readonly #broken = new WeakSet<Loop>();
  #lookPlanned = false;
  /** Looks since something has happened, the world outside being waited for. */
  #quietLooks = 0;
  /** Ends when nothing has happened for long enough. */
  #silence: ReturnType<typeof setTimeout> | undefined;
  #saidToStandStill = false;

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

  /** Every loop is at rest. */
  #moveOn(): void {
    if (this.#reachGoal()) return;
    const next = this.#nextTime();
    if (next === Infinity) return this.#checkDeadlock();
    this.#now = next;
    if (!this.#ringNext()) this.#reachGoal();
  }

  /**
   * Something of the world outside is waited for. What it has ready may happen
   * first; then code that moves the clock by hand knows that it is to move.
   */
  #moveByHand(): void {
    if (this.#quietLooks++ >= QUIET_LOOKS) return this.#moveOn();
    this.#lookPlanned = true;
    setImmediate(this.#look);
  }

  /** @param silent For how many milliseconds nothing has happened. */
  #standStill(waiting: readonly Loop[], silent = 0): void {
    const { outsideGrace, autoJump } = this.#options;
    if (!autoJump || this.#nextTime() === Infinity) return;
    const limit = this.#saidToStandStill
      ? outsideGrace
      : Math.min(outsideGrace, STILL_REPORT_AFTER_MS);
    if (limit === Infinity) return;
    this.#silence = setTimeout(() => {
      if (limit === outsideGrace) return this.#moveOn();
      this.#saidToStandStill = true;
      for (const loop of waiting) reportStanding(loop);
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

  /** Called where every loop is at rest, and time has nowhere to go. */
  #checkDeadlock(): void {
    const { autoJump, patience, onDeadlock } = this.#options;
    if (!autoJump) return; // the code that moves time may do more
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
    if (patience === 0) end();
    else this.#silence = setTimeout(end, patience);
  }

  #forgetClosed(): void {
    for (const loop of this.#alarms.keys()) {
      if (loop.closed) this.#alarms.delete(loop);
    }
  }
}
