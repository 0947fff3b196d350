/** JetStream's API: requests and replies in JSON. @module */
import { NatsError } from "../errors.ts";
import type { Msg } from "./client.ts";
import { deadlineIn } from "./deadline.ts";
import type {
  ReconnectingConnection,
  RequestOptions,
} from "./reconnecting_connection.ts";

/** Why JetStream refuses a request. */
export interface ApiProblem {
  code?: number;
  err_code?: number;
  description?: string;
}

/** What all replies have in common. */
export interface ApiReply {
  error?: ApiProblem;
}

/** JetStream has refused a request. */
export class ApiError extends NatsError {
  readonly code: number;

  constructor({ err_code = 0, description }: ApiProblem, asked: string) {
    super(`NATS refuses ${asked}: ${description} (${err_code})`);
    this.code = err_code;
  }
}

/** The codes of JetStream's errors that are distinguished here. */
export const code = {
  noPeers: 10005,
  consumerNotFound: 10014,
  messageNotFound: 10037,
  notEnabledForAccount: 10039,
  sequenceNotFound: 10043,
  messageTooLong: 10054,
  deleteFailed: 10057,
  otherConfiguration: 10058,
  streamNotFound: 10059,
  overlap: 10065,
  notThatSequence: 10071,
  noReplicas: 10074,
  notEnabled: 10076,
  storeFailed: 10077,
  notThatSequenceInCluster: 10164,
} as const;

/**
 * Errors that pass: the servers have yet to agree (incomplete, not active, not
 * assigned, not available, no leader, offline), or an id is just being stored.
 */
const PASSING = new Set([10004, 10006, 10007, 10008, 10009, 10118, 10158]);

/** There is no such stream or consumer. */
const MISSING = new Set<number>([code.consumerNotFound, code.streamNotFound]);

/** Pauses between two tries of a request, in milliseconds. */
const FIRST_PAUSE = 50, LONGEST_PAUSE = 1000;

/** The longest time that is sent, in nanoseconds: 100 days. */
const LONGEST = 100 * 24 * 3600 * 1e9;

/** Converts milliseconds to nanoseconds, as JetStream counts time. */
export function nanoseconds(ms: number): number {
  return Math.min(Math.ceil(ms * 1e6), LONGEST);
}

/** Sends a request to JetStream, until the servers are able to answer. */
export async function api<R extends ApiReply>(
  connection: ReconnectingConnection,
  subject: string,
  body?: unknown,
  options?: RequestOptions,
): Promise<R> {
  const data = body === undefined ? "" : JSON.stringify(body);
  const request = { asked: subject, subject: `$JS.API.${subject}`, data };
  const doubt = options?.doubt ?? connection.doubt;
  return await reply(connection, request, options, doubt);
}

/** A request; `asked` describes it in messages. */
export interface ApiRequest {
  readonly asked: string;
  readonly subject: string;
  readonly data: Uint8Array | string;
}

/**
 * Sends a request, and again as long as the servers cannot answer it now. For
 * `doubt` milliseconds it is also sent again if there is no such stream.
 */
export async function reply<R extends ApiReply>(
  connection: ReconnectingConnection,
  { asked, subject, data }: ApiRequest,
  options?: RequestOptions,
  doubt = 0,
): Promise<R> {
  const doubting = deadlineIn(doubt);
  for (let ms = FIRST_PAUSE;; ms = Math.min(ms * 2, LONGEST_PAUSE)) {
    const found = read<R>(
      await connection.request(subject, data, options),
      asked,
    );
    if (found.error === undefined) return found;
    const { err_code = 0 } = found.error;
    const doubted = MISSING.has(err_code) && doubting.remaining() > 0;
    if (!doubted) throwUnlessPassing(found.error, asked);
    await connection.pause(ms, options);
  }
}

/** Throws an error for a problem that does not pass. */
export function throwUnlessPassing(problem: ApiProblem, asked: string): void {
  if (!PASSING.has(problem.err_code ?? 0)) throw new ApiError(problem, asked);
}

/** Reads a reply; throws a `NatsError` if the message is none. */
export function read<R extends ApiReply>(message: Msg, asked: string): R {
  let found: unknown;
  try {
    found = message.json();
  } catch (cause) {
    throw new NatsError(`NATS answers ${asked} with what is no JSON`, {
      cause,
    });
  }
  const problem = (found as ApiReply | null)?.error;
  if (
    typeof found === "object" && found !== null &&
    (problem === undefined ||
      (typeof problem === "object" && problem !== null))
  ) return found as R;
  throw new NatsError(
    `NATS answers ${asked} with what is no reply of JetStream`,
  );
}

/** As {@linkcode api}; resolves to `undefined` if the thing is not there. */
export async function apiFind<R extends ApiReply>(
  connection: ReconnectingConnection,
  subject: string,
  body?: unknown,
  options?: RequestOptions,
): Promise<R | undefined> {
  try {
    return await api<R>(connection, subject, body, options);
  } catch (error) {
    if (error instanceof ApiError && isNotFound(error)) return undefined;
    throw error;
  }
}

const NOT_FOUND = new Set<number>([
  code.consumerNotFound,
  code.messageNotFound,
  code.streamNotFound,
  code.sequenceNotFound,
  code.deleteFailed,
]);

/** Whether the thing is not there. The same code is for messages that must stay. */
function isNotFound({ code, message }: ApiError): boolean {
  return NOT_FOUND.has(code) && !message.includes("not permitted");
}

/** Whether a write was refused because another one came before. */
export function isConflict(error: unknown): boolean {
  return error instanceof ApiError &&
    (error.code === code.notThatSequence ||
      error.code === code.notThatSequenceInCluster);
}
