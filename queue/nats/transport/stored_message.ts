/** Looking up what is stored in a stream. @module */
import { apiFind, type ApiReply } from "./jetstream_api.ts";
import type {
  ReconnectingConnection,
  RequestOptions,
} from "./reconnecting_connection.ts";

/** A message in a stream, as the servers show it. */
export interface StoredMessage {
  seq: number;
  hdrs?: string;
  data?: string;
  time: string;
}

/**
 * Which one: the first about a subject that is number `seq` or a later one, or
 * the last about a subject.
 */
export type Query =
  | { seq: number; next_by_subj: string }
  | { last_by_subj: string };

/** Looks a message up; `undefined` where there is none. */
export async function findMessage(
  link: ReconnectingConnection,
  stream: string,
  query: Query,
  options?: RequestOptions,
): Promise<StoredMessage | undefined> {
  const subject = `STREAM.MSG.GET.${stream}`;
  const reply = await apiFind<ApiReply & { message: StoredMessage }>(
    link,
    subject,
    query,
    options,
  );
  return reply?.message;
}

/** Takes message number `seq` out of a stream, if it is there. */
export async function removeMessage(
  link: ReconnectingConnection,
  stream: string,
  seq: number,
  options?: RequestOptions,
): Promise<void> {
  await apiFind(link, `STREAM.MSG.DELETE.${stream}`, { seq }, options);
}

/** Reads its data. */
export function dataIn({ data = "" }: StoredMessage): Uint8Array {
  return Uint8Array.from(atob(data), (char) => char.charCodeAt(0));
}

/** Reads its headers. */
export function headersIn(
  { hdrs = "" }: StoredMessage,
): (name: string) => string {
  const all = new Map<string, string>();
  for (const line of atob(hdrs).split("\r\n")) {
    const colon = line.indexOf(":");
    if (colon > 0) all.set(line.slice(0, colon), line.slice(colon + 1).trim());
  }
  return (name) => all.get(name) ?? "";
}
