/** A job in the memory of this process. @module */
import type { TimerHandle } from "../../tasks/handle.ts";
import type { Priority } from "./settings.ts";

/** Where an entry stands; `"gone"`: it is in no queue any more. */
export type EntryState = "waiting" | "delayed" | "leased" | "gone";

/** A job, in whatever state. */
export interface Entry {
  readonly id: string;
  readonly data: Uint8Array;
  readonly priority: Priority;
  readonly key: string | undefined;
  /** Whether the id is the user's own. */
  readonly named: boolean;
  /** Whether its id is taken only as long as it is in the queue. */
  readonly untilDone: boolean;
  /** The trace that the put belongs to. */
  readonly trace: string | undefined;
  /** Jobs of one priority are taken in this order, also if they come again. */
  arrival: number;
  /** How often it was leased, and not given back with `release`. */
  attempts: number;
  state: EntryState;
  /** Ends the delay; its time is when the job is due. */
  due: TimerHandle | undefined;
  /** When the first attempt must have begun, at the latest. */
  expiry: TimerHandle | undefined;
  /** Whether it waits for others of its key to end. */
  parked: boolean;
}
