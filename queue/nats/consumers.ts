/** The consumers of the lines of a queue. @module */
import type { WaitOptions } from "../../tasks/kernel/types.ts";
import type { Settings } from "../jobs/settings.ts";
import { consumerReport, streamReport } from "./reports.ts";
import {
  boundIn,
  descriptionOf,
  isBoundSafe,
  queueNoteIn,
  type StreamReply,
} from "./stream_config.ts";
import {
  consumerOf,
  type Line,
  lineOfConsumer,
  PLAIN_LINE,
  type Subjects,
} from "./subjects.ts";
import { api, type ApiReply, nanoseconds } from "./transport/jetstream_api.ts";
import type { ReconnectingConnection } from "./transport/reconnecting_connection.ts";

/** A queue that is on the servers. */
export interface Provisioned {
  readonly connection: ReconnectingConnection;
  readonly subjects: Subjects;
  readonly settings: Settings;
  readonly incarnation: string;
}

/**
 * How long the servers wait for a settlement: longer than the lease, so that one
 * that is sent at the end of the lease arrives in time.
 */
function ackWait(lease: number): number {
  return lease + Math.min(Math.max(lease / 10, 100), 5000);
}

/** The lines that have a consumer, and the plain one. */
export async function linesOf(
  { connection, subjects, incarnation }: Provisioned,
  options?: WaitOptions,
): Promise<Line[]> {
  const { consumers } = await api<ApiReply & { consumers?: string[] | null }>(
    connection,
    `CONSUMER.NAMES.${subjects.jobs}`,
    undefined,
    options,
  );
  const lines = new Set([PLAIN_LINE]);
  for (const name of consumers ?? []) {
    const line = lineOfConsumer(name);
    if (consumerOf(line, incarnation) === name) lines.add(line);
  }
  return [...lines];
}

/** Makes the consumer of a line, or lets it wait long enough for settlements. */
export async function provisionLine(
  there: Provisioned,
  line: Line,
  options?: WaitOptions,
): Promise<void> {
  const { connection, subjects, settings, incarnation } = there;
  const ack_wait = nanoseconds(ackWait(settings.lease));
  const name = consumerOf(line, incarnation);
  const found = await consumerReport(there, line, options);
  // A shorter time would take jobs from their holders: see `shrink`.
  if (found !== undefined && found.config.ack_wait >= ack_wait) return;
  const create = `CONSUMER.DURABLE.CREATE.${subjects.jobs}.${name}`;
  await api(connection, create, {
    stream_name: subjects.jobs,
    config: found === undefined
      ? {
        durable_name: name,
        filter_subject: subjects.todo(line),
        ack_policy: "explicit",
        ack_wait,
        deliver_policy: "all",
        replay_policy: "instant",
        // Delayed jobs are unsettled deliveries: there is no bound on them.
        max_ack_pending: -1,
        // A worker makes a dead letter of a job whose attempts are used up.
        max_deliver: -1,
        max_waiting: 10_000,
      }
      : { ...found.config, ack_wait },
  }, options);
}

/** How much longer than the old lease is waited, in milliseconds. */
const SHRINK_MARGIN = 10_000;

/**
 * Sets a smaller lease or bound on the servers, as soon as that takes no job away:
 * when all longer leases have run out, and no more jobs are there than the bound.
 */
export async function shrink(
  there: Provisioned,
  { config, state }: StreamReply,
): Promise<void> {
  const { connection, subjects, incarnation } = there;
  const note = queueNoteIn(config);
  const passed = Date.now() - note.shrunk;
  if (note.shrunk === 0 || passed < SHRINK_MARGIN) return;
  const bound = isBoundSafe(connection) ? note.maxSize : Infinity;
  if (boundIn(config) > bound && state.messages > bound) return;
  const ack_wait = nanoseconds(ackWait(note.lease));
  for (const line of await linesOf(there)) {
    const name = `${subjects.jobs}.${consumerOf(line, incarnation)}`;
    const found = await consumerReport(there, line);
    if (found === undefined || found.config.ack_wait <= ack_wait) continue;
    if (passed < found.config.ack_wait / 1e6 + SHRINK_MARGIN) return;
    await api(connection, `CONSUMER.DURABLE.CREATE.${name}`, {
      stream_name: subjects.jobs,
      config: { ...found.config, ack_wait },
    });
  }
  await api(connection, `STREAM.UPDATE.${config.name}`, {
    ...config,
    max_msgs: bound === Infinity ? -1 : bound,
    description: descriptionOf({ ...note, shrunk: 0 }),
  });
}

/**
 * Lets the servers take `count` jobs more than their bound, until {@linkcode shrink}
 * sets it again. Meanwhile the processes keep the bound of the queue.
 */
export async function widen(
  { connection, subjects }: Omit<Provisioned, "settings">,
  count: number,
  options?: WaitOptions,
): Promise<void> {
  const { config } = await streamReport(connection, subjects.jobs, options);
  if (boundIn(config) === Infinity) return;
  const note = queueNoteIn(config);
  const shrunk = note.shrunk || Date.now();
  await api(connection, `STREAM.UPDATE.${config.name}`, {
    ...config,
    max_msgs: config.max_msgs + count,
    description: descriptionOf({ ...note, shrunk }),
  }, options);
  connection.publish(subjects.control);
}
