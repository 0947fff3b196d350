/** Jobs as messages: their headers, and publishing them. @module */
import type { WaitOptions } from "../../../tasks/kernel/types.ts";
import { PRIORITIES, type Priority } from "../../jobs/settings.ts";
import type { QueueContext } from "../queue_context.ts";
import type { Line } from "../subjects.ts";
import type { HeaderReader } from "../transport/headers.ts";
import type { Msg } from "../transport/client.ts";
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

/** The metadata of a job. */
export interface JobMeta {
  readonly id: string;
  /** When, by `Date.now()`, the job may be taken. */
  readonly due: number;
  /** When, by `Date.now()`, the first attempt must have begun. */
  readonly expires: number;
  readonly jobKey: string | undefined;
  /** Whether the id was given by the user. */
  readonly named: boolean;
  /** Whether the id is free as soon as the job is done. */
  readonly untilDone: boolean;
  readonly trace: string | undefined;
  /** Of a dead letter: the priority of its job. */
  readonly priority?: Priority | undefined;
}

/** The metadata as they are written: without defaults. */
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

/** The header with the metadata; `undefined` if all are defaults. */
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

/** JSON in ASCII, so that every character is one byte. */
export function asciiJson(value: unknown): string {
  return JSON.stringify(value).replace(
    /[\u007f-\uffff]/g,
    (char) => `\\u${char.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

/**
 * Reads the headers of a job. Another client may have put it: what cannot be read
 * is replaced by the default.
 *
 * @param otherwise The id if there is none.
 */
export function readMeta(
  header: HeaderReader,
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

/** Percent-decodes a text; returns it as it is if that fails. */
export function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/**
 * The number of the job in the stream, if the servers have stored it; the reply to
 * a job that is there already has the number of that one.
 */
export function numberIn(message: Msg): number | undefined {
  try {
    const { error, seq } = read<PutReply>(message, "to take a job");
    return error === undefined ? seq : undefined;
  } catch {
    return undefined;
  }
}

/** A job to be published. */
export interface JobMessage {
  readonly line: Line;
  readonly data: Uint8Array;
  readonly headers: Record<string, string>;
}

/** The reply of the servers to a published job. */
interface PutReply extends ApiReply {
  seq: number;
  duplicate?: boolean;
}

/**
 * Publishes a job; again if the connection is lost, as the servers store one
 * message of each id. Resolves to the number in the stream, or to `undefined` if
 * the queue is full.
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
  // Without `reply` at first, as that is seldom needed.
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
