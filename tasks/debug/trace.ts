/** @module */
import { setImmediate } from "node:timers";
import { currentScope } from "../kernel/context/current_scope.ts";
import { realClock } from "../kernel/loop/clock.ts";
import type { Loop } from "../kernel/loop/loop.ts";
import {
  observe,
  type ObservedCall,
  type ObservedWait,
  Observer,
} from "../kernel/watch/observer.ts";
import { type TraceEvent, TraceFile } from "./_trace_file.ts";
import { TraceLane } from "./_trace_lane.ts";

/** The lane of the callbacks, which are in no task. */
const CALLBACKS = 0;

const ARROW = "hand-over";

/**
 * Writes what happens on `loop` to a file, in the Chrome trace event format.
 * The returned function ends this.
 *
 * @throws The file cannot be opened.
 */
export function record(loop: Loop, path: string | URL): () => void {
  const trace = new Trace(loop, new TraceFile(path));
  const stop = observe(loop, trace);
  return () => {
    stop();
    trace.close();
  };
}

class Trace extends Observer {
  readonly #loop: Loop;
  readonly #file: TraceFile;
  readonly #start: number;
  readonly #lanes = new Map<object, TraceLane>();
  readonly #running = new Set<TraceLane>();
  #tids = CALLBACKS;
  #arrows = 0;
  #isTurnPlanned = false;
  #failed = false;

  constructor(loop: Loop, file: TraceFile) {
    super();
    this.#loop = loop;
    this.#file = file;
    this.#start = loop.clock.now();
    const args = { name: "asyncio" };
    this.#add({ ph: "M", name: "process_name", tid: CALLBACKS, args });
    new TraceLane(CALLBACKS, "callbacks", this.#add);
  }

  override made(task: object): void {
    const { name } = task as { name: string };
    const lane = new TraceLane(++this.#tids, name, this.#add);
    this.#lanes.set(task, lane);
    this.#drawArrow(lane);
  }

  override started(task: object): void {
    const lane = this.#lanes.get(task);
    if (lane !== undefined) this.#run(lane);
  }

  override waits(wait: ObservedWait): void {
    const lane = this.#laneOf(wait);
    if (lane === undefined) return;
    lane.waits.add(wait);
    this.#running.delete(lane);
    lane.wait(this.#now());
  }

  override woke(wait: ObservedWait): void {
    const lane = this.#laneOf(wait);
    if (lane === undefined) return;
    const now = this.#now();
    lane.end(now);
    lane.waits.delete(wait);
    if (lane.waits.size > 0) lane.wait(now);
    this.#drawArrow(lane);
  }

  override resumes(wait: ObservedWait): void {
    const lane = this.#laneOf(wait);
    if (lane === undefined) return;
    queueMicrotask(() => { // just before the code that waited
      if (lane.waits.size === 0 && this.#laneOf(wait) !== undefined) {
        this.#run(lane);
      }
    });
  }

  override ended(task: object): void {
    const lane = this.#lanes.get(task);
    if (lane === undefined) return;
    queueMicrotask(() => { // its end is still to wake other tasks
      if (!this.#lanes.delete(task)) return;
      this.#running.delete(lane);
      lane.end(this.#now());
      lane.rename((task as { name: string }).name);
    });
  }

  override called({ name, start, took }: ObservedCall): void {
    const isReal = this.#loop.clock === realClock;
    const ts = isReal ? this.#microseconds(start) : this.#now();
    const dur = isReal ? took * 1000 : 0;
    this.#add({ ph: "X", name, cat: "callback", tid: CALLBACKS, ts, dur });
  }

  close(): void {
    for (const lane of this.#lanes.values()) lane.end(this.#now());
    this.#lanes.clear();
    this.#running.clear();
    this.#attempt(() => this.#file.close());
  }

  #laneOf(wait: ObservedWait): TraceLane | undefined {
    const { task } = wait.scope;
    return task === undefined ? undefined : this.#lanes.get(task);
  }

  #run(lane: TraceLane): void {
    const ts = this.#now();
    lane.run(ts);
    this.#running.add(lane);
    const { arrow: id, tid } = lane;
    lane.arrow = undefined;
    if (id !== undefined) {
      this.#add({ ph: "f", bp: "e", name: ARROW, cat: ARROW, id, tid, ts });
    }
    if (this.#isTurnPlanned) return;
    this.#isTurnPlanned = true;
    setImmediate(this.#turn);
  }

  /** Begins an arrow from the task that runs to `lane`. */
  #drawArrow(lane: TraceLane): void {
    const { task } = currentScope();
    const from = task === undefined ? undefined : this.#lanes.get(task);
    // A turn of the loop runs in the context of the code that has planned it.
    if (from === undefined || from === lane || !from.isRunning) return;
    const id = lane.arrow = ++this.#arrows;
    const { tid } = from;
    const ts = this.#now();
    this.#add({ ph: "s", name: ARROW, cat: ARROW, id, tid, ts });
  }

  #turn = (): void => {
    this.#isTurnPlanned = false;
    const now = this.#now();
    for (const lane of this.#running) lane.turn(now);
    this.#running.clear();
  };

  #now(): number {
    return this.#microseconds(this.#loop.clock.now());
  }

  /** Returns the time since the beginning, rounded to nanoseconds. */
  #microseconds(time: number): number {
    return Math.round((time - this.#start) * 1e6) / 1e3;
  }

  #add = (event: TraceEvent): void => {
    this.#attempt(() => this.#file.add(event));
  };

  /** A full disk ends the trace, not the program. */
  #attempt(write: () => void): void {
    if (this.#failed) return;
    try {
      write();
    } catch (error) {
      this.#failed = true;
      this.#loop.report({ message: "The trace is incomplete", error });
    }
  }
}
