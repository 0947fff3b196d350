/** @module */

/** Key of the name of a queue in telemetry. */
export const QUEUE: unique symbol = Symbol("queue");

/** The name of a queue in telemetry. */
export interface QueueName {
  readonly system: string;
  readonly name: string;
}
