/** @module */
import type { Settings } from "../jobs/settings.ts";
import type { Subjects } from "./subjects.ts";
import type { Clock } from "./transport/deadline.ts";
import type { ReconnectingConnection } from "./transport/reconnecting_connection.ts";

/** What all parts of a queue on NATS use. */
export interface QueueContext {
  readonly connection: ReconnectingConnection;
  readonly subjects: Subjects;
  /** The settings in force; other processes may change them. */
  settings: Settings;
  readonly clock: Clock;
  /** Tells the stream from other streams of its name, before or after it. */
  readonly incarnation: string;
  /** Rejects if the queue is no longer there. */
  readonly checkStream: () => Promise<void>;
}
