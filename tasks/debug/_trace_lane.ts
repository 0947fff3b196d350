/** @module */
import type { ObservedWait } from "../kernel/watch/observer.ts";
import type { TraceEvent } from "./_trace_file.ts";

/** What a task does, from a time on. */
interface Segment {
  readonly kind: "running" | "waiting" | "foreign";
  readonly waits: readonly ObservedWait[];
  readonly start: number;
}

/** The lane of a task in the timeline: one segment after the other. */
export class TraceLane {
  readonly tid: number;
  readonly waits: Set<ObservedWait> = new Set();
  /** The arrow that ends where the task resumes. */
  arrow: number | undefined = undefined;
  readonly #add: (event: TraceEvent) => void;
  #segment: Segment | undefined = undefined;

  constructor(tid: number, name: string, add: (event: TraceEvent) => void) {
    this.tid = tid;
    this.#add = add;
    this.rename(name);
    const args = { sort_index: tid };
    add({ ph: "M", name: "thread_sort_index", tid, args });
  }

  rename(name: string): void {
    const { tid } = this;
    this.#add({ ph: "M", name: "thread_name", tid, args: { name } });
  }

  get isRunning(): boolean {
    return this.#segment?.kind === "running";
  }

  /** Notes that the task runs. */
  run(now: number): void {
    this.#begin("running", now);
  }

  /** Notes that the task waits, in its {@linkcode waits}. */
  wait(now: number): void {
    this.#begin("waiting", now);
  }

  /**
   * Notes that the turn has ended: a task that still seems to run awaits
   * something foreign.
   */
  turn(now: number): void {
    if (this.#segment?.kind === "running") this.#begin("foreign", now);
  }

  /** Ends the segment. It is not known yet what follows. */
  end(now: number): void {
    if (this.#segment === undefined) return;
    const { kind, waits, start } = this.#segment;
    this.#segment = undefined;
    const name = kind === "waiting"
      ? [...new Set(waits.map((wait) => wait.what))].join(" and ")
      : kind === "running"
      ? kind
      : "something foreign";
    const dur = Math.round((now - start) * 1e3) / 1e3;
    this.#add({ ph: "X", name, cat: kind, tid: this.tid, ts: start, dur });
  }

  #begin(kind: Segment["kind"], start: number): void {
    this.end(start);
    this.#segment = { kind, waits: [...this.waits], start };
  }
}
