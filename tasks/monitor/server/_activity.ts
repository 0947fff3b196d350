/** What happens on the loops while a client watches. @module */
import { setImmediate } from "node:timers";
import {
  observe,
  type ObservedWait,
  Observer,
} from "../../kernel/watch/observer.ts";
import type { Task } from "../../task.ts";
import type { Activity } from "../protocol.ts";
import type { Ids } from "./_ids.ts";
import { ageOf, isOnRealClock, type Loop, waitsOf } from "./_kernel_view.ts";
import { LaneRecorder } from "./_lane.ts";

/** How many tasks are followed at most. */
const MAX_LANES = 400;

/**
 * Counts steps, and follows some tasks. It observes nothing before `watch`, and
 * forgets all when no loop is watched.
 */
export class ActivityRecorder {
  readonly #taskIds: Ids;
  #stops = new Map<Loop, () => void>();
  #started = 0;
  #steps = 0;
  #made = 0;
  #ended = 0;
  #stepsOf = new WeakMap<object, { count: number }>();
  /** The lanes of the tasks that are followed. */
  #lanes = new Map<object, LaneRecorder>();
  readonly #running = new Set<LaneRecorder>();
  #isTurnPlanned = false;

  constructor(taskIds: Ids) {
    this.#taskIds = taskIds;
  }

  get isOn(): boolean {
    return this.#stops.size > 0;
  }

  /** Watches these loops and no others. */
  watch(loops: Iterable<Loop>): void {
    const wanted = new Set(loops);
    if (!this.isOn) this.#started = performance.now();
    for (const [loop, stop] of this.#stops) {
      if (wanted.has(loop)) continue;
      stop();
      this.#stops.delete(loop);
    }
    for (const loop of wanted) {
      if (this.#stops.has(loop)) continue;
      this.#stops.set(loop, observe(loop, new LoopObserver(loop, this)));
    }
    if (wanted.size === 0) this.#forget();
  }

  #forget(): void {
    this.#steps = this.#made = this.#ended = 0;
    this.#stepsOf = new WeakMap();
    this.#lanes.clear();
    this.#running.clear();
  }

  /** Returns how many times a task has resumed. */
  stepsOf(task: object): number {
    return this.#stepsOf.get(task)?.count ?? 0;
  }

  /** Follows these tasks and no others, without those that have ended. */
  follow(tasks: Iterable<{ task: Task<unknown>; loop: Loop }>): void {
    const before = this.#lanes;
    this.#lanes = new Map();
    for (const { task, loop } of tasks) {
      if (this.#lanes.size >= MAX_LANES) break;
      if (task.done) continue;
      this.#lanes.set(task, before.get(task) ?? newLane(task, loop));
    }
    const followed = new Set(this.#lanes.values());
    for (const lane of this.#running) {
      if (!followed.has(lane)) this.#running.delete(lane);
    }
  }

  /** Returns all that is known, except for the steps of single tasks. */
  read(late: readonly number[]): Activity {
    const now = performance.now();
    const texts = new Map<string, number>();
    const numberOf = (text: string) => {
      const number = texts.get(text) ?? texts.size;
      texts.set(text, number);
      return number;
    };
    const lanes: Record<string, Activity["lanes"][string]> = {};
    for (const [task, lane] of this.#lanes) {
      lanes[this.#taskIds.of(task)] = lane.read(now, numberOf);
    }
    return {
      time: now - this.#started,
      steps: this.#steps,
      made: this.#made,
      ended: this.#ended,
      late,
      texts: [...texts.keys()],
      lanes,
    };
  }

  noteMade(): void {
    this.#made++;
  }

  noteEnded(task: object): void {
    this.#ended++;
    const lane = this.#lanes.get(task);
    if (lane === undefined) return;
    this.#lanes.delete(task);
    this.#running.delete(lane);
  }

  noteStep(task: object): void {
    this.#steps++;
    const steps = this.#stepsOf.get(task);
    if (steps === undefined) this.#stepsOf.set(task, { count: 1 });
    else steps.count++;
  }

  laneOf(task: object | undefined): LaneRecorder | undefined {
    return this.#lanes.size === 0 || task === undefined
      ? undefined
      : this.#lanes.get(task);
  }

  /**
   * Notes that the task of a lane runs, no longer than until the end of the
   * turn.
   */
  noteRunning(lane: LaneRecorder): void {
    lane.runs(performance.now());
    this.#running.add(lane);
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    setImmediate(this.#endTurn);
  }

  noteWait(lane: LaneRecorder, wait: ObservedWait): void {
    lane.waits(wait, performance.now());
    this.#running.delete(lane);
  }

  #endTurn = (): void => {
    this.#isTurnPlanned = false;
    const now = performance.now();
    for (const lane of this.#running) lane.stops(now);
    this.#running.clear();
  };
}

function newLane(task: Task<unknown>, loop: Loop): LaneRecorder {
  const waits = waitsOf(task);
  const [first] = waits;
  const age = first !== undefined && isOnRealClock(loop) && ageOf(first, loop);
  return new LaneRecorder(waits, performance.now() - (age || 0));
}

class LoopObserver extends Observer {
  readonly #loop: Loop;
  readonly #recorder: ActivityRecorder;

  constructor(loop: Loop, recorder: ActivityRecorder) {
    super();
    this.#loop = loop;
    this.#recorder = recorder;
  }

  override made(): void {
    this.#recorder.noteMade();
  }

  override started(task: object): void {
    this.#recorder.noteStep(task);
    const lane = this.#recorder.laneOf(task);
    if (lane !== undefined) this.#recorder.noteRunning(lane);
  }

  override ended(task: object): void {
    this.#recorder.noteEnded(task);
  }

  override waits(wait: ObservedWait): void {
    wait.since ??= this.#loop.clock.now();
    const lane = this.#recorder.laneOf(wait.scope.task);
    if (lane !== undefined) this.#recorder.noteWait(lane, wait);
  }

  override woke(wait: ObservedWait): void {
    this.#recorder.laneOf(wait.scope.task)?.woke(wait, performance.now());
  }

  override resumes(wait: ObservedWait): void {
    const { task } = wait.scope;
    if (task === undefined) return;
    this.#recorder.noteStep(task);
    if (this.#recorder.laneOf(task) === undefined) return;
    queueMicrotask(() => { // just before the code that waited
      const lane = this.#recorder.laneOf(task);
      if (lane !== undefined) this.#recorder.noteRunning(lane);
    });
  }
}
