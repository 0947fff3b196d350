/** @module */
import type { Settings } from "../jobs/settings.ts";
import type { Subjects } from "./subjects.ts";
import type { Clock } from "./transport/deadline.ts";
import type { ReconnectingConnection } from "./transport/reconnecting_connection.ts";

/** What every part of a queue on NATS works with. */
export interface QueueContext {
  readonly connection: ReconnectingConnection;
  readonly subjects: Subjects;
  /** As they are in force; others may change them. */
  settings: Settings;
  readonly clock: Clock;
  /** Which of the streams of this name it is. */
  readonly incarnation: string;
  /** Rejects if there is no such queue any more. */
  readonly checkStream: () => Promise<void>;
}
