/** A job as a message: its headers. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { PRIORITIES, type Priority } from "../../jobs/settings.ts";
import type { QueueContext } from "../queue_context.ts";
import type { Line } from "../subjects.ts";
import {
  ApiError,
  type ApiReply,
  code,
  read,
  reply,
  throwUnlessPassing,
} from "../transport/jetstream_api.ts";

/** The headers of a job. */
export const MESSAGE_ID = "Nats-Msg-Id", META = "Jobs";

/** What is known of a job beside its data. */
export interface JobMeta {
  readonly id: string;
  /** Milliseconds of `Date.now()` before which it may not be taken. */
  readonly due: number;
  /** Milliseconds of `Date.now()` until which it must have begun. */
  readonly expires: number;
  readonly jobKey: string | undefined;
  /** Whether the id is the user's own. */
  readonly named: boolean;
  /** Whether the id is taken only until the job is done. */
  readonly untilDone: boolean;
  readonly trace: string | undefined;
  /** Of a dead letter: which line it was in. */
  readonly priority?: Priority | undefined;
}

/** As it is written: what is not the default. */
interface WrittenMeta {
  id?: string;
  due?: number;
  expires?: number;
  key?: string;
  named?: 1;
  untilDone?: 1;
  trace?: string;
  priority?: Priority;
}

/** The header that says all of it; `undefined` if there is nothing to say. */
export function writtenMeta(
  meta: Partial<JobMeta>,
  messageId: string,
): string | undefined {
  const { id, due = 0, expires = Infinity, jobKey, trace } = meta;
  const isPlain = (id === undefined || id === messageId) && due === 0 &&
    expires === Infinity && jobKey === undefined && trace === undefined &&
    !meta.named && meta.priority === undefined;
  if (isPlain) return undefined; // as most are
  const written: WrittenMeta = {
    ...(id !== undefined && id !== messageId && { id }),
    ...(due > 0 && { due }),
    ...(expires !== Infinity && { expires }),
    ...(jobKey !== undefined && { key: jobKey }),
    ...(meta.named && { named: 1 }),
    ...(meta.untilDone && { untilDone: 1 }),
    ...(trace !== undefined && { trace }),
    ...(meta.priority !== undefined && { priority: meta.priority }),
  };
  return asciiJson(written);
}

/** JSON of which every character is one byte. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Reads the headers of a job. Other clients may put jobs as well: what cannot be
 * read is as if it were not there.
 */
export function readMeta(
  header: (name: string) => string,
  otherwise: string,
): JobMeta {
  const messageId = header(MESSAGE_ID);
  const text = header(META);
  const meta = text === "" ? NOTHING : parsed(text);
  const { id, due, expires, key, trace } = meta;
  return {
    id: isText(id) ? id : messageId === "" ? otherwise : decoded(messageId),
    due: typeof due === "number" ? due : 0,
    expires: typeof expires === "number" ? expires : Infinity,
    jobKey: isText(key) ? key : undefined,
    named: meta.named === 1,
    untilDone: meta.untilDone === 1,
    trace: isText(trace) ? trace : undefined,
    priority: PRIORITIES.find((it) => it === meta.priority),
  };
}

const NOTHING: WrittenMeta = {};

function parsed(text: string): WrittenMeta {
  try {
    return JSON.parse(text) ?? NOTHING;
  } catch {
    return NOTHING;
  }
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value !== "";
}

/** Percent-decoded, if it can be. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A job as it goes to the servers. */
export interface JobMessage {
  readonly line: Line;
  readonly data: Uint8Array;
  readonly headers: Record<string, string>;
}

/** What the servers say to a job. */
interface PutReply extends ApiReply {
  seq: number;
  duplicate?: boolean;
}

/**
 * Publishes it, however often the connection is lost: the servers know its id.
 * Returns its number in the stream, or `undefined` if the queue is full.
 */
export async function publish(
  context: QueueContext,
  { line, data, headers }: JobMessage,
  options?: WaitOptions,
): Promise<number | undefined> {
  const { connection, subjects } = context;
  const onNoResponders = context.checkStream;
  const rest = { headers, signal: options?.signal, onNoResponders };
  const subject = subjects.todo(line);
  const request = { asked: "to take a job", subject, data };
  // Nearly always the first answer is the last.
  let answer = read<PutReply>(
    await connection.request(subject, data, rest),
    request.asked,
  );
  if (answer.error === undefined) return answer.seq;
  try {
    throwUnlessPassing(answer.error, request.asked);
    answer = await reply<PutReply>(connection, request, rest);
    return answer.seq;
  } catch (error) {
    if (isFull(error)) return undefined;
    throw error;
  }
}

function isFull(error: unknown): boolean {
  return error instanceof ApiError && error.code === code.storeFailed &&
    error.message.includes("maximum messages");
}
