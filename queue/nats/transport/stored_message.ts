/** Messages in a stream. @module */
import { NatsError } from "../errors.ts";
import { type HeaderReader, readHeaders } from "./headers.ts";
import { apiFind, type ApiReply } from "./jetstream_api.ts";
import type {
  ReconnectingConnection,
  RequestOptions,
} from "./reconnecting_connection.ts";

/** A message in a stream, as the servers show it. */
export interface StoredMessage {
  subject: string;
  seq: number;
  hdrs?: string;
  data?: string;
  time: string;
}

/**
 * The first message on a subject whose number is `seq` or more, or the last one on
 * a subject.
 */
export type Query =
  | { seq: number; next_by_subj: string }
  | { last_by_subj: string };

/** Looks a message up; resolves to `undefined` if there is none. */
export async function findMessage(
  connection: ReconnectingConnection,
  stream: string,
  query: Query | { seq: number },
  options?: RequestOptions,
): Promise<StoredMessage | undefined> {
  const subject = `STREAM.MSG.GET.${stream}`;
  const found = await apiFind<ApiReply & { message: StoredMessage }>(
    connection,
    subject,
    query,
    options,
  );
  if (found === undefined) return undefined;
  if (typeof found.message?.seq === "number") return found.message;
  throw new NatsError(`NATS answers ${subject} without a message`);
}

/** Removes message number `seq`; resolves to `false` if it was not there. */
export async function removeMessage(
  connection: ReconnectingConnection,
  stream: string,
  seq: number,
  options?: RequestOptions,
): Promise<boolean> {
  const subject = `STREAM.MSG.DELETE.${stream}`;
  // Without overwriting it on the disk, which takes several times as long.
  const request = { seq, no_erase: true };
  return await apiFind(connection, subject, request, options) !== undefined;
}

/** How many parts of a range are looked through at the same time. */
const PARTS = 8;

/** The numbers and the subject of messages. */
interface Range {
  readonly stream: string;
  readonly filter: string;
  readonly first: number;
  readonly last: number;
}

/** The messages on `filter` from number `first` to `last`, in their order. */
export async function findMessages(
  connection: ReconnectingConnection,
  { stream, filter, first, last }: Range,
  options?: RequestOptions,
): Promise<StoredMessage[]> {
  const size = Math.max(Math.ceil((last - first + 1) / PARTS), 1);
  const parts: Promise<StoredMessage[]>[] = [];
  for (let from = first; from <= last; from += size) {
    const to = Math.min(from + size - 1, last);
    const part = { stream, filter, first: from, last: to };
    parts.push(findOneByOne(connection, part, options));
  }
  return (await Promise.all(parts)).flat();
}

/** The same, looked up one after the other. */
async function findOneByOne(
  connection: ReconnectingConnection,
  { stream, filter, first, last }: Range,
  options?: RequestOptions,
): Promise<StoredMessage[]> {
  const found: StoredMessage[] = [];
  for (let seq = first; seq <= last;) {
    const query = { seq, next_by_subj: filter };
    const next = await findMessage(connection, stream, query, options);
    if (next === undefined || next.seq > last) break;
    found.push(next);
    seq = next.seq + 1;
  }
  return found;
}

/** The data of a message. */
export function dataIn({ data = "" }: StoredMessage): Uint8Array {
  return bytesOf(data);
}

/** The data of a message as text. */
export function textIn(message: StoredMessage): string {
  return new TextDecoder().decode(dataIn(message));
}

function bytesOf(base64: string): Uint8Array {
  try {
    return Uint8Array.from(atob(base64), (char) => char.charCodeAt(0));
  } catch {
    return new Uint8Array(); // not written by this package
  }
}

/** Reads the headers of a message. */
export function storedHeaders({ hdrs = "" }: StoredMessage): HeaderReader {
  return readHeaders(bytesOf(hdrs));
}
