/** The errors of queues on NATS. @module */

/**
 * NATS is not there, refuses the login, or refuses a request. The message has the
 * servers and the reason; `cause` is the error of the client, if there is one.
 *
 * @example A server that is not there
 * ```ts
 * import { NatsError, natsJobs } from "@asyncio/asyncio/queue/nats";
 * import { assertRejects } from "@std/assert";
 *
 * await assertRejects(
 *   () =>
 *     natsJobs({ servers: "127.0.0.1:9", name: "mail", connectTimeout: 100 }),
 *   NatsError,
 *   "127.0.0.1:9",
 * );
 * ```
 */
export class NatsError extends Error {
  /** `"NatsError"` */
  override name = "NatsError";
}
