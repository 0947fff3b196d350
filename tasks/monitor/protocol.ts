/**
 * The messages on the socket: each is one line of JSON.
 *
 * A request has an `id` and the members of an {@linkcode Operation}; it gets
 * one {@linkcode Answer} with its `id`, and before it a notice twice a second
 * while the loop is busy. Requests of one client may overlap. An empty line
 * means nothing.
 *
 * @module
 */

/** The version: that of both sides has to be the same. */
export const PROTOCOL = 1;

/** How many tasks are listed at most; the oldest are. */
export const MAX_TASKS = 20_000;

/** How many cells the lane of a task has. */
export const LANE_CELLS = 200;
/** The time that each cell stands for. */
export const LANE_CELL_MS = 100;

/** A request, without its id. */
export type Operation =
  /**
   * Asks for the {@linkcode Hello}, which is sent even while the loop is busy.
   */
  | { readonly op: "hello" }
  /** Asks for the tasks: a {@linkcode Snapshot}. */
  | { readonly op: "tasks" }
  /** Asks also for what happens meanwhile: a {@linkcode Watched}. */
  | {
    readonly op: "watch";
    /** The tasks whose lanes are wanted. */
    readonly follow?: readonly number[];
    /** After how many milliseconds the client asks again. */
    readonly next?: number;
  }
  /**
   * Cancels a task, by its id or its name. The answer is a
   * {@linkcode NamedTask}.
   */
  | { readonly op: "cancel"; readonly task: string }
  /** Runs code. The answer is an {@linkcode Evaluated}. */
  | { readonly op: "evaluate"; readonly code: string }
  /**
   * Cancels the code that this client has running. The answer is how many there
   * were.
   */
  | { readonly op: "interrupt" };

/** An answer. */
export type Answer =
  | { readonly id: number; readonly value: unknown }
  | { readonly id: number; readonly busy: Busy }
  /** Without an id, the request was wrong, and the connection is closed. */
  | { readonly id?: number; readonly error: string };

/** The program that answers. */
export interface Hello {
  readonly protocol: number;
  readonly pid: number;
  /** Its main module. */
  readonly program: string;
}

/** A notice that the loop is busy: nothing else runs on it. */
export interface Busy {
  /** For how many milliseconds, at least. */
  readonly for: number;
  /** In debug mode: which task runs, and the line of its last wait. */
  readonly where?: string;
}

/** What identifies a task. */
export interface NamedTask {
  readonly id: number;
  readonly name: string;
}

/** What a task does. */
export type TaskState =
  /** It waits for something of this package. */
  | "waiting"
  /** It awaits something else, or is about to resume. */
  | "foreign"
  /** It has not taken its first step. */
  | "new";

/** A task. */
export interface TaskInfo extends NamedTask {
  /** The number of its loop, from 1. */
  readonly loop: number;
  readonly state: TaskState;
  /** How many cancels are in force that have not ended it. */
  readonly cancelling?: number;
  readonly waits: readonly WaitInfo[];
  /** The tasks that wait for it. */
  readonly awaitedBy: readonly number[];
  /** The scope of its group. */
  readonly group?: number;
  /** How many times it has resumed since the program is watched. */
  readonly steps: number;
  /** In debug mode: the line where it was made. */
  readonly made?: string;
  /** In debug mode: what it holds, and the lines where it took that. */
  readonly holds?: readonly string[];
}

/** A wait of a task. */
export interface WaitInfo {
  readonly what: string;
  /** How long it has lasted, on the loop's clock, in milliseconds. */
  readonly for?: number;
  /** The scope in which it was begun, unless that is the task itself. */
  readonly scope?: number;
  /** In debug mode: the line where it was begun. */
  readonly at?: string;
}

/**
 * A scope inside a task: of a timeout, a group, a shield, or of none of them.
 */
export interface ScopeInfo {
  readonly id: number;
  readonly task: number;
  /** The scope around it, unless that is the task itself. */
  readonly parent?: number;
  /** For a timeout: the milliseconds left. */
  readonly left?: number;
  readonly shielded?: true;
}

/** A queue with several waits: for a lock, an item, an event. */
export interface QueueInfo {
  readonly what: string;
  /** How many waits are in it. */
  readonly waiting: number;
  /** The task whose wait is the first, if it is that of a task. */
  readonly first?: number;
  /** How long the first wait has lasted, in milliseconds. */
  readonly longest?: number;
}

/** All tasks. They were not listed all at the same time. */
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
  /** How many milliseconds of the program's time the list took. */
  readonly took: number;
}

/** What happens while clients watch. The counts begin with the first client. */
export interface Activity {
  /** For how many milliseconds has been counted. */
  readonly time: number;
  /** How many times tasks have resumed. */
  readonly steps: number;
  readonly made: number;
  readonly ended: number;
  /** The greatest delay of timers in each of the last seconds, oldest first. */
  readonly late: readonly number[];
  /** The texts to which lanes refer. */
  readonly texts: readonly string[];
  /** The lanes of the tasks that are followed, by their ids. */
  readonly lanes: Readonly<Record<string, Lane>>;
}

/**
 * The last cells of a task, oldest first: how many cells in a row are alike,
 * for how many tenths of their time the task ran, and the index of the text of
 * what it waited for most; -1 for nothing.
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

/** The outcome of code. */
export type Evaluated =
  | { readonly value: string }
  | { readonly thrown: string }
  /** The code is not complete: more lines have to follow. */
  | { readonly incomplete: true };
