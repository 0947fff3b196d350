/**
 * What goes over the socket: one line of JSON for each message.
 *
 * A request has an `id` and the members of an {@linkcode Operation}; it gets one
 * {@linkcode Answer} with its `id`, and before it a notice each second while the
 * loop is busy. Requests of one client may overlap. An empty line means nothing.
 *
 * @module
 */

/** Its version: both sides have to speak the same. */
export const PROTOCOL = 1;

/** How many tasks are listed at most: the oldest. */
export const MAX_TASKS = 20_000;

/** How many cells the lane of a task has. */
export const LANE_CELLS = 200;
/** The time that each of them stands for. */
export const LANE_CELL_MS = 100;

/** What can be asked for. */
export type Operation =
  /** Who answers: a {@linkcode Hello}, also while the loop is busy. */
  | { readonly op: "hello" }
  /** The tasks: a {@linkcode Snapshot}. */
  | { readonly op: "tasks" }
  /** The same, and what happens meanwhile: a {@linkcode Watched}. */
  | {
    readonly op: "watch";
    /** The tasks whose last seconds are wanted. */
    readonly follow?: readonly number[];
    /** After how many milliseconds the client asks again. */
    readonly next?: number;
  }
  /** Cancels a task, by its id or its name: gives a {@linkcode NamedTask}. */
  | { readonly op: "cancel"; readonly task: string }
  /** Runs code: an {@linkcode Evaluated}. */
  | { readonly op: "evaluate"; readonly code: string }
  /** Cancels the code that this client has running; gives their number. */
  | { readonly op: "interrupt" };

/** What comes back. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly busy: Busy }
  /** Without an id: the connection is closed, as the request made no sense. */
  | { readonly id?: number; readonly error: string };

/** The program that answers. */
export interface Hello {
  readonly protocol: number;
  readonly pid: number;
  /** Its main module. */
  readonly program: string;
}

/** The loop is busy: nothing else gets its turn. */
export interface Busy {
  /** For how many milliseconds, at least. */
  readonly for: number;
  /** In debug mode: which task runs, and the line where it went on. */
  readonly where?: string;
}

/** A task, by which it can be told. */
export interface NamedTask {
  readonly id: number;
  readonly name: string;
}

/** What a task does. */
export type TaskState =
  /** It waits for something of this package. */
  | "waiting"
  /** It waits for something else, or is about to go on. */
  | "foreign"
  /** It has not taken its first step. */
  | "new";

/** A task. */
export interface TaskInfo extends NamedTask {
  /** On which loop: they are numbered from 1. */
  readonly loop: number;
  readonly state: TaskState;
  /** How many cancels it has got that have not ended it. */
  readonly cancelling?: number;
  readonly waits: readonly WaitInfo[];
  /** The tasks that wait for it. */
  readonly awaitedBy: readonly number[];
  /** The scope of the group that it belongs to. */
  readonly group?: number;
  /** How often it went on, since the program is watched. */
  readonly steps: number;
  /** In debug mode: the line where it was made. */
  readonly made?: string;
  /** In debug mode: what it holds, and the lines where it took that. */
  readonly holds?: readonly string[];
}

/** A wait of a task. */
export interface WaitInfo {
  readonly what: string;
  /** For how long, on the loop's clock, in milliseconds. */
  readonly for?: number;
  /** The scope that it was begun in, unless that is the task itself. */
  readonly scope?: number;
  /** In debug mode: the line where it was begun. */
  readonly at?: string;
}

/** A scope inside a task: of a timeout, a group, a shield, or of none of them. */
export interface ScopeInfo {
  readonly id: number;
  readonly task: number;
  /** The scope around it, unless that is the task itself. */
  readonly parent?: number;
  /** For a timeout: the milliseconds left. */
  readonly left?: number;
  readonly shielded?: true;
}

/** A queue in which several wait: for a lock, an item, an event. */
export interface QueueInfo {
  readonly what: string;
  /** How many wait in it. */
  readonly waiting: number;
  /** The task that waits first in it, if a task does. */
  readonly first?: number;
  /** For how long that has waited, in milliseconds. */
  readonly longest?: number;
}

/** All tasks, as they were within some moments. */
export interface Snapshot {
  /** When it was complete: milliseconds since the epoch. */
  readonly at: number;
  readonly debug: boolean;
  readonly loops: number;
  /** How many tasks there are; {@linkcode MAX_TASKS} are listed at most. */
  readonly total: number;
  readonly tasks: readonly TaskInfo[];
  readonly scopes: readonly ScopeInfo[];
  readonly queues: readonly QueueInfo[];
  /** The milliseconds of the program's time that it took. */
  readonly took: number;
}

/** What happens while a client watches. The counts begin when the first one does. */
export interface Activity {
  /** The milliseconds in which the counts have grown. */
  readonly time: number;
  /** How often tasks went on. */
  readonly steps: number;
  readonly made: number;
  readonly ended: number;
  /** How late timers were in each of the last seconds at most, oldest first. */
  readonly late: readonly number[];
  /** What the lanes name. */
  readonly texts: readonly string[];
  /** The last seconds of each task that is followed, by its id. */
  readonly lanes: Readonly<Record<string, Lane>>;
}

/**
 * The last cells of a task, oldest first: how many in a row are alike, for how
 * much of their time it ran, from 0 to 10, and which of the texts says what it
 * waited for most of the rest: -1 for nothing.
 */
export type Lane = readonly (readonly [
  cells: number,
  ran: number,
  text: number,
])[];

export interface Watched {
  readonly snapshot: Snapshot;
  readonly activity: Activity;
}

/** What came of code. */
export type Evaluated =
  | { readonly value: string }
  | { readonly thrown: string }
  /** It is not complete: more lines have to follow. */
  | { readonly incomplete: true };
