/** A job in the memory of this process. @module */
import type { TimerHandle } from "../../tasks/handle.ts";
import type { Priority } from "./settings.ts";

/** The state of an entry; `"gone"`: it is in no queue. */
export type EntryState = "waiting" | "delayed" | "leased" | "gone";

/** A job, in any state. */
export interface Entry {
  readonly id: string;
  readonly data: Uint8Array;
  readonly priority: Priority;
  readonly key: string | undefined;
  /** Whether the id was given by the user. */
  readonly named: boolean;
  /** Whether the id is taken only as long as the entry is in the queue. */
  readonly untilDone: boolean;
  /** The trace of the put, as a `traceparent`. */
  readonly trace: string | undefined;
  /** Jobs of one priority are taken in this order, also if they come again. */
  arrival: number;
  /** How often it was leased, without those leases that were released. */
  attempts: number;
  state: EntryState;
  /** Fires when the delay is over and the job is due. */
  due: TimerHandle | undefined;
  /** Fires when the time for the first attempt is over. */
  expiry: TimerHandle | undefined;
  /** Whether it waits until another job of its key ends. */
  parked: boolean;
}

/** Makes an entry that is in no queue yet. */
export function newEntry(
  data: Uint8Array,
  { id, priority, key, named, untilDone, trace }: Pick<
    Entry,
    "id" | "priority" | "key" | "named" | "untilDone" | "trace"
  >,
): Entry {
  return {
    id,
    data,
    priority,
    key,
    named,
    untilDone,
    trace,
    arrival: 0,
    attempts: 0,
    state: "gone",
    due: undefined,
    expiry: undefined,
    parked: false,
  };
}
