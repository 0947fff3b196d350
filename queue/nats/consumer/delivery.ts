/** Jobs as the servers deliver them. @module */
import { type JobMeta, readMeta } from "../producer/job_message.ts";
import { type Line, lineOfConsumer } from "../subjects.ts";
import type { Msg } from "../transport/client.ts";
import { headersIn } from "../transport/headers.ts";
import type { StoredAt } from "./done_log.ts";
import type { JobLease } from "./job_lease.ts";

/** A delivered job. */
export interface Delivery extends JobMeta, StoredAt {
  /** The number and the time of the message: unique, also over deleted queues. */
  readonly key: string;
  readonly line: Line;
  /** How often it was delivered, this time included. */
  readonly deliveries: number;
  readonly data: Uint8Array;
  /** The subject on which the job is settled. */
  readonly replyTo: string;
  readonly lease: JobLease;
  /** How many deliveries were no attempts. */
  returns: number;
  /** The number of the note with `returns`; 0 if none is known. */
  note: number;
  /** Whether another process may have written a note: it asked who holds the job. */
  maybeNoted: boolean;
}

/** Reads a delivery; `undefined` if the message is something else. */
export function deliveryOf(
  message: Msg,
  lease: () => JobLease,
): Delivery | undefined {
  const { reply, data } = message;
  if (reply === undefined) return undefined;
  // $JS.ACK.[domain.account.]stream.consumer.deliveries.sequence.n.stored.n
  const parts = reply.split(".");
  if (parts[0] !== "$JS" || parts[1] !== "ACK" || parts.length < 9) {
    return undefined;
  }
  const at = parts.length > 9 ? 6 : 4;
  const sequence = parts[at + 1]!;
  return {
    ...readMeta(headersIn(message), sequence),
    deliveries: Number(parts[at]),
    sequence: Number(sequence),
    stored: Number(parts[at + 3]),
    key: `${sequence}-${parts[at + 3]}`,
    line: lineNamed(parts[at - 1]!),
    data,
    replyTo: reply,
    lease: lease(),
    returns: 0,
    note: 0,
    maybeNoted: false,
  };
}

/** The lines by their consumers, as there are many deliveries. */
const lines = new Map<string, Line>();

function lineNamed(consumer: string): Line {
  let line = lines.get(consumer);
  if (line === undefined) lines.set(consumer, line = lineOfConsumer(consumer));
  return line;
}

/** The key of a stored message: the same as that of its deliveries. */
export function keyOfStored(
  { seq, time }: { seq: number; time: string },
): string {
  return `${seq}-${nanosecondsSince1970(time)}`;
}

/** The message of a key. */
export function storedAtOf(key: string): StoredAt {
  const [sequence, stored] = key.split("-").map(Number);
  return { sequence: sequence!, stored: stored! };
}

/** Reads a time of the servers, which is more exact than a `Date`. */
function nanosecondsSince1970(time: string): string {
  const [, whole, fraction = ""] =
    /^(.*?)(?:\.(\d+))?(?:Z|[+-]\d\d:\d\d)$/.exec(time) ?? [];
  const seconds = Math.floor(Date.parse(`${whole}Z`) / 1000);
  return `${seconds}${fraction.padEnd(9, "0")}`;
}
