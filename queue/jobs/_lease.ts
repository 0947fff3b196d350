/** @module */
import type { TimerHandle } from "../../tasks/handle.ts";
import type { Entry } from "./_entry.ts";
import type { Loss } from "./errors.ts";

/** The lease of an entry. */
export class Lease {
  readonly entry: Entry;
  /** Fires when the lease runs out; `undefined` if it never does. */
  alarm: TimerHandle | undefined = undefined;
  /** The job that is made of the entry, as soon as it is decoded. */
  job: { lose(loss: Loss): void; progress: string | undefined } | undefined =
    undefined;

  constructor(entry: Entry) {
    this.entry = entry;
  }

  /** Whether it has run out at `time`, though its alarm may not have fired yet. */
  hasRunOut(time: number): boolean {
    return this.alarm !== undefined && this.alarm.when <= time;
  }
}
