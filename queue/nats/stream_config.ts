/** The configuration of a queue on the servers, and what they report. @module */
import type { Settings } from "../jobs/settings.ts";
import { NatsError } from "./errors.ts";
import type { Subjects } from "./subjects.ts";
import { type ApiReply, nanoseconds } from "./transport/jetstream_api.ts";

/** The part of a stream's configuration that is used here. */
export interface StreamConfig {
  name: string;
  subjects: string[];
  retention: "workqueue" | "limits";
  storage: "file";
  discard: "new" | "old";
  max_msgs: number;
  max_msgs_per_subject: number;
  max_age?: number;
  duplicate_window?: number;
  num_replicas: number;
  description?: string;
  deny_delete?: boolean;
}

/** The reply to `STREAM.INFO`. */
export interface StreamReply extends ApiReply {
  config: StreamConfig;
  state: {
    messages: number;
    first_seq: number;
    last_seq: number;
    consumer_count: number;
    subjects?: Record<string, number>;
  };
}

/** The reply to `CONSUMER.INFO`. */
export interface ConsumerReply extends ApiReply {
  config: { ack_wait: number };
  /** The last message that was delivered for the first time. */
  delivered: { stream_seq: number };
  /** All messages up to this one are settled. */
  ack_floor: { stream_seq: number };
  /** How many deliveries are not settled. */
  num_ack_pending: number;
  /** How many messages have not been delivered. */
  num_pending: number;
}

/**
 * The settings for which JetStream has no place. `Infinity` is written as `null`, as
 * JSON has no such number.
 */
export interface QueueNote {
  lease: number;
  maxAttempts: number;
  maxSize: number;
  keepDone: number;
  keepDead: number;
  /** Tells the stream from other streams of its name, before or after it. */
  incarnation: string;
  /**
   * Since when, by `Date.now()`, the servers have a longer lease or a larger bound
   * than the queue; 0 if they have the same ones.
   */
  shrunk: number;
}

/** The note as the description of a stream: older servers keep nothing else. */
export function descriptionOf(note: QueueNote): string {
  return `jobs ${JSON.stringify(note)}`;
}

/** Reads the note of a queue. */
export function queueNoteIn(
  { name, description, max_msgs }: StreamConfig,
): QueueNote {
  const none = new NatsError(
    `the stream ${name} is there already, and is no queue of jobs`,
  );
  if (!description?.startsWith("jobs {")) throw none;
  let note: Partial<Record<keyof QueueNote, unknown>>;
  try {
    note = JSON.parse(description.slice("jobs".length));
  } catch {
    throw none;
  }
  const number = (value: unknown, otherwise: number) =>
    value === null ? Infinity : typeof value === "number" ? value : otherwise;
  return {
    lease: number(note.lease, Infinity),
    maxAttempts: number(note.maxAttempts, Infinity),
    maxSize: number(note.maxSize, max_msgs > 0 ? max_msgs : Infinity),
    keepDone: number(note.keepDone, 60_000),
    keepDead: number(note.keepDead, Infinity),
    incarnation: typeof note.incarnation === "string" ? note.incarnation : "",
    shrunk: number(note.shrunk, 0),
  };
}

/** Reads the settings of a queue. */
export function settingsIn(config: StreamConfig): Settings {
  const { lease, maxAttempts, maxSize, keepDone, keepDead } = queueNoteIn(
    config,
  );
  const window = (config.duplicate_window ?? 0) / 1e6;
  return { lease, maxAttempts, maxSize, keepDone, keepDead, window };
}

/**
 * Whether the servers keep a bound without losing jobs. In a cluster of older ones,
 * a server that still has jobs which are done refuses what the others have stored,
 * and deletes it everywhere when it leads.
 */
export function isBoundSafe(
  connection: {
    readonly clustered: boolean;
    isAtLeast(major: number, minor: number): boolean;
  },
): boolean {
  return !connection.clustered || connection.isAtLeast(2, 15);
}

/** Reads the bound that the servers keep. */
export function boundIn({ max_msgs }: StreamConfig): number {
  return max_msgs > 0 ? max_msgs : Infinity;
}

/** The shortest window that servers accept, in milliseconds. */
const SHORTEST_WINDOW = 100;

/** The stream of the jobs. */
export function jobStream(
  subjects: Subjects,
  { settings, note, bound, replicas }: {
    settings: Settings;
    note: QueueNote;
    bound: number;
    replicas: number;
  },
): StreamConfig {
  return {
    name: subjects.jobs,
    subjects: subjects.allTodo,
    retention: "workqueue",
    storage: "file",
    discard: "new",
    max_msgs: bound === Infinity ? -1 : bound,
    max_msgs_per_subject: -1,
    duplicate_window: nanoseconds(Math.max(settings.window, SHORTEST_WINDOW)),
    num_replicas: replicas,
    description: descriptionOf(note),
  };
}

/** What is kept longer, is kept for ever: 100 years, in milliseconds. */
const LONGEST_AGE = 100 * 365 * 24 * 3600 * 1000;

/** A stream of records; keeps `perSubject` of each subject, or all if that is 0. */
function records(
  name: string,
  subject: string,
  { replicas, perSubject, maxAge = Infinity, description }: {
    replicas: number;
    perSubject: number;
    maxAge?: number;
    description: string;
  },
): StreamConfig {
  return {
    name,
    subjects: [subject],
    retention: "limits",
    storage: "file",
    discard: "old",
    max_msgs: -1,
    max_msgs_per_subject: perSubject || -1,
    max_age: maxAge > LONGEST_AGE ? 0 : Math.ceil(Math.max(maxAge, 100) * 1e6),
    num_replicas: replicas,
    description,
  };
}

/** The stream of the dead letters. */
export function deadStream(
  subjects: Subjects,
  { keepDead }: Settings,
  replicas: number,
): StreamConfig {
  return records(subjects.dead, subjects.letters, {
    replicas,
    perSubject: 0,
    maxAge: keepDead,
    description: "dead letters",
  });
}

/** The stream of the notes on released jobs. */
export function returnedStream(
  subjects: Subjects,
  replicas: number,
): StreamConfig {
  return records(subjects.returned, subjects.returns("*"), {
    replicas,
    perSubject: 1,
    description: "notes on jobs that were given back",
  });
}

/** The stream of the outcomes of jobs. */
export function resultStream(
  subjects: Subjects,
  { keepDone }: Settings,
  replicas: number,
): StreamConfig {
  return records(subjects.results, subjects.result("*"), {
    replicas,
    perSubject: 1,
    maxAge: keepDone,
    description: "outcomes of jobs",
  });
}

/** The stream of the records that all processes share. */
export function stateStream(
  subjects: Subjects,
  replicas: number,
): StreamConfig {
  return records(subjects.state, subjects.shared(">"), {
    replicas,
    perSubject: 1,
    description: "what the processes of a queue share",
  });
}
